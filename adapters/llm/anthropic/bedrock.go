//go:build !lean

package anthropic

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/anthropics/anthropic-sdk-go/bedrock"
	"github.com/anthropics/anthropic-sdk-go/option"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
)

// bedrockOptions sign with the usual credentials of AWS, which are looked up at
// the first request, or send the key as a Bedrock API key.
func bedrockOptions(ctx context.Context, o Options) ([]option.RequestOption, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(o.Region))
	if err != nil {
		return nil, fmt.Errorf("load the configuration of AWS: %w", err)
	}
	if o.Key != "" {
		cfg.BearerAuthTokenProvider = bedrock.NewStaticBearerTokenProvider(o.Key)
		cfg.AuthSchemePreference = []string{"httpBearerAuth"}
	}
	if from := cfg.Credentials; from != nil {
		cfg.Credentials = aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
			c, err := from.Retrieve(ctx)
			return c, credentials(err)
		})
	}
	return []option.RequestOption{bedrock.WithConfig(cfg)}, nil
}

// credentials marks an error as one of credentials, unless the network is at
// fault, where trying again helps.
func credentials(err error) error {
	var network net.Error
	if err == nil || errors.As(err, &network) {
		return err
	}
	return &credentialError{err}
}
