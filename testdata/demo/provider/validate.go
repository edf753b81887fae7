package main

import (
	"context"
	"net/netip"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// ValidateConfig refuses what no firewall understands. What is not known yet
// is looked at again when it is.
func (*rule) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var m model
	if resp.Diagnostics.Append(req.Config.Get(ctx, &m)...); resp.Diagnostics.HasError() {
		return
	}
	refuse := func(attribute, why string) {
		resp.Diagnostics.AddAttributeError(path.Root(attribute), "Bad "+attribute, why)
	}
	if !m.Name.IsUnknown() && !ruleName.MatchString(m.Name.ValueString()) {
		refuse("name", "Use at most 63 of a-z, 0-9 and -.")
	}
	if _, err := netip.ParsePrefix(m.Source.ValueString()); err != nil && !m.Source.IsUnknown() {
		refuse("source", "Write a CIDR block such as 10.0.0.0/8.")
	}
	if p := m.Port.ValueInt64(); (p < 1 || p > 65535) && !m.Port.IsUnknown() {
		refuse("port", "A port is a number from 1 to 65535.")
	}
	if a := m.Action.ValueString(); a != "allow" && a != "deny" && !m.Action.IsUnknown() {
		refuse("action", "An action is allow or deny.")
	}
	if m.Priority.ValueInt64() < 1 && !m.Priority.IsNull() && !m.Priority.IsUnknown() {
		refuse("priority", "A priority is 1 or more; leave it out for none.")
	}
	if m.Description.Equal(types.StringValue("")) {
		refuse("description", "Leave an empty description out.")
	}
	if m.Token.Equal(types.StringValue("")) {
		refuse("token", "Leave an empty token out.")
	}
}
