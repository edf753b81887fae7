package main

import (
	"context"
	"errors"
	"io/fs"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// rule is the resource firewall_rule.
type rule struct{ world World }

var (
	_ resource.ResourceWithConfigure      = (*rule)(nil)
	_ resource.ResourceWithImportState    = (*rule)(nil)
	_ resource.ResourceWithValidateConfig = (*rule)(nil)
)

// model is a rule as OpenTofu has it.
type model struct {
	ID          types.String `tfsdk:"id"`
	Name        types.String `tfsdk:"name"`
	Source      types.String `tfsdk:"source"`
	Port        types.Int64  `tfsdk:"port"`
	Action      types.String `tfsdk:"action"`
	Description types.String `tfsdk:"description"`
	Priority    types.Int64  `tfsdk:"priority"`
	Token       types.String `tfsdk:"token"`
}

func (m model) rule() Rule {
	return Rule{
		Name: m.Name.ValueString(), Source: m.Source.ValueString(), Port: m.Port.ValueInt64(),
		Action: m.Action.ValueString(), Description: m.Description.ValueString(),
		Priority: m.Priority.ValueInt64(), Token: m.Token.ValueString(),
	}
}

// modelOf turns what is empty in the world into null, as an attribute that was
// never set is.
func modelOf(r Rule) model {
	m := model{
		ID: types.StringValue(r.Name), Name: types.StringValue(r.Name), Source: types.StringValue(r.Source),
		Port: types.Int64Value(r.Port), Action: types.StringValue(r.Action),
		Description: types.StringNull(), Priority: types.Int64Null(), Token: types.StringNull(),
	}
	if r.Description != "" {
		m.Description = types.StringValue(r.Description)
	}
	if r.Priority != 0 {
		m.Priority = types.Int64Value(r.Priority)
	}
	if r.Token != "" {
		m.Token = types.StringValue(r.Token)
	}
	return m
}

func (*rule) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "firewall_rule"
}

func (*rule) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		Description: "One rule of the firewall.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{Computed: true, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}},
			"name": schema.StringAttribute{
				Required: true, Description: "Name; another one makes another rule.",
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"source":      schema.StringAttribute{Required: true, Description: "Who may connect, as a CIDR block."},
			"port":        schema.Int64Attribute{Required: true, Description: "To which TCP port."},
			"action":      schema.StringAttribute{Required: true, Description: "allow or deny."},
			"description": schema.StringAttribute{Optional: true, Description: "What it is for."},
			"priority":    schema.Int64Attribute{Optional: true, Description: "Order; the lowest is matched first."},
			"token":       schema.StringAttribute{Optional: true, Sensitive: true, Description: "Shared secret of the peer."},
		},
	}
}

func (r *rule) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	if w, ok := req.ProviderData.(World); ok { // nil while only the schema is wanted
		r.world = w
	}
}

func (r *rule) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m model
	if resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...); resp.Diagnostics.HasError() {
		return
	}
	if _, err := r.world.Read(m.Name.ValueString()); !errors.Is(err, fs.ErrNotExist) {
		resp.Diagnostics.AddError("Rule exists", "The firewall has a rule "+m.Name.ValueString()+" already: import it, or remove it.")
		return
	}
	if err := r.world.Write(ctx, m.rule()); err != nil {
		resp.Diagnostics.AddError("Rule not created", err.Error())
		return
	}
	m.ID = m.Name
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

func (r *rule) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var id types.String
	if resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("id"), &id)...); resp.Diagnostics.HasError() {
		return
	}
	got, err := r.world.Read(id.ValueString())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		resp.State.RemoveResource(ctx)
	case err != nil:
		resp.Diagnostics.AddError("Rule not read", err.Error())
	default:
		resp.Diagnostics.Append(resp.State.Set(ctx, modelOf(got))...)
	}
}

func (r *rule) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m model
	if resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...); resp.Diagnostics.HasError() {
		return
	}
	if err := r.world.Write(ctx, m.rule()); err != nil {
		resp.Diagnostics.AddError("Rule not changed", err.Error())
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

func (r *rule) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var id types.String
	if resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("id"), &id)...); resp.Diagnostics.HasError() {
		return
	}
	if err := r.world.Delete(ctx, id.ValueString()); err != nil {
		resp.Diagnostics.AddError("Rule not deleted", err.Error())
	}
}

func (*rule) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("id"), req, resp)
}
