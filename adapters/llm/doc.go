// Package llm holds what the adapters of models share: how a provider's answer
// reads as a fault, the HTTP client, and what keeps a run going through a
// provider's bad hour. It must never know chat, SQL, tools or the log.
package llm
