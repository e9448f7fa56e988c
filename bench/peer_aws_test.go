package bench

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// awsCache is aws-sdk-go-v2's CredentialsCache as the token cache of a hand-written RoundTripper.
var awsCache = peer{
	name: "aws",
	hot:  func(e env) http.RoundTripper { return newAWSTransport(e) },
	read: func(e env) func(context.Context) (string, error) { return newAWSTransport(e).cache.get },
	hold: func(e env) http.RoundTripper { return newAWSTransport(e) },
}

func newAWSTransport(e env) *renewing[awsAdapter] {
	provider := aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		token, err := e.login(ctx)
		if err != nil {
			return aws.Credentials{}, err
		}
		return aws.Credentials{
			AccessKeyID: "unused", SecretAccessKey: "unused", // the cache takes no credentials without
			SessionToken: token, CanExpire: true, Expires: time.Now().Add(20 * time.Minute),
		}, nil
	})
	return &renewing[awsAdapter]{cache: awsAdapter{aws.NewCredentialsCache(provider)}, bearer: e.bearer, base: e.base}
}

type awsAdapter struct{ cache *aws.CredentialsCache }

func (a awsAdapter) get(ctx context.Context) (string, error) {
	c, err := a.cache.Retrieve(ctx)
	return c.SessionToken, err
}

// drop cannot say which token was refused.
func (a awsAdapter) drop(string) { a.cache.Invalidate() }
