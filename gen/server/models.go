// Package server is the contract from the other side: the interface that the simulator implements, and the handler that
// routes to it.
//
// Its models are those of package gen, so that both ends speak of the same types. A schema that is new in the contract is
// missing below until it is added, and the package does not compile.
package server

import "iot.internal/thingspace/gen"

// ConnectivityManagementResult is the error of the platform itself.
type ConnectivityManagementResult = gen.ConnectivityManagementResult

// GatewayFault is the error of the gateway in front of it.
type GatewayFault = gen.GatewayFault

// LogInResult is the answer to a login.
type LogInResult = gen.LogInResult

// LogOutRequest is the answer to a logout.
type LogOutRequest = gen.LogOutRequest

// SessionResetPasswordResult is the answer to a password reset.
type SessionResetPasswordResult = gen.SessionResetPasswordResult

// StartConnectivityManagementSessionJSONRequestBody is the body of a login.
type StartConnectivityManagementSessionJSONRequestBody = gen.StartConnectivityManagementSessionJSONRequestBody

// ResetConnectivityManagementPasswordJSONRequestBody is the body of a password reset.
type ResetConnectivityManagementPasswordJSONRequestBody = gen.ResetConnectivityManagementPasswordJSONRequestBody
