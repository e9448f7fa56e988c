package gen

import (
	"fmt"
	"io"
	"log/slog"
)

// LogValue logs the user name and hides the password.
func (r LogInRequest) LogValue() slog.Value {
	return slog.GroupValue(slog.String("username", r.Username), slog.Any("password", r.Password))
}

// LogValue hides the session token.
func (r LogInResult) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("sessionToken", r.SessionToken))
}

// LogValue hides the session token.
func (r LogOutRequest) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("sessionToken", r.SessionToken))
}

// LogValue hides the password.
func (r SessionResetPasswordRequest) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("oldPassword", r.OldPassword))
}

// LogValue hides the password.
func (r SessionResetPasswordResult) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("newPassword", r.NewPassword))
}

// The responses hold the raw body, and the request with its headers: only their status may be printed.

// LogValue logs the status alone.
func (r StartConnectivityManagementSessionResponse) LogValue() slog.Value {
	return slog.GroupValue(slog.Int("status", r.StatusCode()))
}

// Format implements [fmt.Formatter]: every verb prints the status alone.
func (r StartConnectivityManagementSessionResponse) Format(f fmt.State, _ rune) {
	formatStatus(f, "StartConnectivityManagementSessionResponse", r.StatusCode())
}

// LogValue logs the status alone.
func (r EndConnectivityManagementSessionResponse) LogValue() slog.Value {
	return slog.GroupValue(slog.Int("status", r.StatusCode()))
}

// Format implements [fmt.Formatter]: every verb prints the status alone.
func (r EndConnectivityManagementSessionResponse) Format(f fmt.State, _ rune) {
	formatStatus(f, "EndConnectivityManagementSessionResponse", r.StatusCode())
}

// LogValue logs the status alone.
func (r ResetConnectivityManagementPasswordResponse) LogValue() slog.Value {
	return slog.GroupValue(slog.Int("status", r.StatusCode()))
}

// Format implements [fmt.Formatter]: every verb prints the status alone.
func (r ResetConnectivityManagementPasswordResponse) Format(f fmt.State, _ rune) {
	formatStatus(f, "ResetConnectivityManagementPasswordResponse", r.StatusCode())
}

func formatStatus(w io.Writer, name string, status int) {
	_, _ = fmt.Fprintf(w, "%s(%d)", name, status)
}
