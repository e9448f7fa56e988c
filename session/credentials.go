package session

import "context"

// Application is the OAuth2 client of Key Management: consumer key and secret.
type Application struct {
	Key    string
	Secret Secret
}

// Credentials are the UWS user name and password that a login sends.
type Credentials struct {
	Username string
	Password Secret
}

// CredentialSource knows the credentials. Load is called before every login and whenever the shared
// record is looked for, so that a rotated secret is picked up without a restart. It must be safe for
// concurrent use and return an error rather than guess. An empty password is fine for everything
// that does not log in.
type CredentialSource interface {
	Load(ctx context.Context) (Credentials, error)
}

// CredentialSaver is a CredentialSource that can keep the password that a reset returns. When Save
// returns nil the credentials are durable and the next Load, in any process, returns them.
type CredentialSaver interface {
	CredentialSource
	Save(ctx context.Context, c Credentials) error
}

// StaticCredentials is a read-only source: [Client.ResetPassword] refuses it before it sends anything.
func StaticCredentials(username, password string) CredentialSource {
	return staticCredentials{Credentials{Username: username, Password: NewSecret(password)}}
}

type staticCredentials struct{ credentials Credentials }

func (s staticCredentials) Load(context.Context) (Credentials, error) { return s.credentials, nil }

// CredentialSwapper is what a [CredentialSaver] may implement so that a process that was held up in
// the middle of a rotation cannot overwrite a newer password with its own. filestore.Credentials
// does. Without it a rotation checks its own clock right before it saves.
type CredentialSwapper interface {
	CredentialSaver
	// SwapCredentials saves next if and only if the stored credentials still are old.
	SwapCredentials(ctx context.Context, old, next Credentials) (swapped bool, err error)
}
