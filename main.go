// Interlock does infrastructure work in chat, under guard. This package wires
// the others in one order and must never hold a rule.
package main

func main() {}
