package server

import "iot.internal/thingspace/gen"

// The models are those of the client, so that both ends speak of the same types. A schema that is new in the contract
// is missing here until it is added, and the package does not compile.
type (
	ConnectivityManagementResult = gen.ConnectivityManagementResult
	GatewayFault                 = gen.GatewayFault
	LogInResult                  = gen.LogInResult
	LogOutRequest                = gen.LogOutRequest
	SessionResetPasswordResult   = gen.SessionResetPasswordResult

	StartConnectivityManagementSessionJSONRequestBody  = gen.StartConnectivityManagementSessionJSONRequestBody
	ResetConnectivityManagementPasswordJSONRequestBody = gen.ResetConnectivityManagementPasswordJSONRequestBody
)
