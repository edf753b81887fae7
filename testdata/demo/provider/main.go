// Command terraform-provider-firewall is the demo's provider: a firewall whose
// world is a directory with one JSON file per rule. It must never know
// Interlock: to OpenTofu it is a provider like any other.
package main

import (
	"context"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
)

const address = "registry.opentofu.org/interlock/firewall"

// version is the one that the demo's mirror and lock name.
const version = "0.1.0"

func main() {
	if err := providerserver.Serve(context.Background(), New, providerserver.ServeOpts{Address: address}); err != nil {
		log.Fatal(err)
	}
}
