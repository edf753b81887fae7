//go:build lean

package anthropic

import (
	"context"
	"errors"

	"github.com/anthropics/anthropic-sdk-go/option"
)

var errLean = errors.New("this build leaves out Bedrock and Vertex: build without the tag lean")

func bedrockOptions(context.Context, Options) ([]option.RequestOption, error) { return nil, errLean }

func vertexOptions(context.Context, Options) ([]option.RequestOption, error) { return nil, errLean }
