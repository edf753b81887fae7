package image

import "interlock/adapters/docker"

// The labels of an image that Build made.
const (
	ToolsLabel   = docker.ToolsLabel   // every program on its path, with commas between
	SBOMLabel    = "interlock.sbom"    // digest of the list of parts, which is also in the image
	VersionLabel = "interlock.version" // of the Interlock that made it
)

// SBOMPath is where an image has the list of its parts.
const SBOMPath = "/usr/share/interlock/sbom.cdx.json"
