package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type firewall struct{}

// New makes the provider.
func New() provider.Provider { return firewall{} }

func (firewall) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName, resp.Version = "firewall", version
}

func (firewall) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		Description: "A firewall whose rules are files.",
		Attributes: map[string]schema.Attribute{
			"world": schema.StringAttribute{Required: true, Description: "Directory with one JSON file per rule."},
		},
	}
}

func (firewall) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var dir types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("world"), &dir)...)
	resp.ResourceData = World{dir: dir.ValueString()}
}

func (firewall) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (firewall) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return &rule{} }}
}
