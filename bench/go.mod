module iot.internal/thingspace/bench

go 1.26.0

require (
	github.com/aws/aws-sdk-go-v2 v1.48.0
	github.com/gophercloud/gophercloud/v2 v2.15.0
	github.com/openai/openai-go/v3 v3.96.0
	golang.org/x/oauth2 v0.37.0
	iot.internal/thingspace v0.0.0-00010101000000-000000000000
)

require (
	github.com/aws/smithy-go v1.28.9 // indirect
	github.com/coder/websocket v1.8.15 // indirect
	github.com/tidwall/gjson v1.20.0 // indirect
	github.com/tidwall/match v1.1.1 // indirect
	github.com/tidwall/pretty v1.2.1 // indirect
	github.com/tidwall/sjson v1.2.5 // indirect
)

replace iot.internal/thingspace => ../
