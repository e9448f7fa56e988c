package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"time"
)

// Durations are numbers of nanoseconds to encoding/json; people and other languages want "20m". These
// functions read and write a struct of the model with its own JSON names and durations as strings.

var durationType = reflect.TypeFor[time.Duration]()

// readable is a struct as JSON members.
func readable(v any) map[string]any {
	members := map[string]any{}
	each(reflect.ValueOf(v), func(name string, omitEmpty bool, field reflect.Value) {
		switch {
		case omitEmpty && field.IsZero():
		case field.Type() == durationType:
			members[name] = time.Duration(field.Int()).String()
		default:
			members[name] = field.Interface()
		}
	})
	return members
}

// assign sets the fields of the struct that v points to. Unknown names and wrong types are errors;
// then v may be half set.
func assign(v any, members map[string]json.RawMessage) error {
	fields := map[string]reflect.Value{}
	each(reflect.ValueOf(v).Elem(), func(name string, _ bool, field reflect.Value) { fields[name] = field })
	for name, value := range members {
		field, ok := fields[name]
		if !ok {
			return fmt.Errorf("there is no member %q here", name)
		}
		if field.Type() == durationType {
			var text string
			if json.Unmarshal(value, &text) != nil {
				return fmt.Errorf("%s must be a duration such as \"20m\"", name)
			}
			d, err := time.ParseDuration(text)
			if err != nil {
				return fmt.Errorf("%s must be a duration such as \"20m\"", name)
			}
			field.SetInt(int64(d))
			continue
		}
		if json.Unmarshal(value, field.Addr().Interface()) != nil || string(value) == "null" {
			return fmt.Errorf("%s must be of type %s", name, kindOf(field.Type()))
		}
	}
	return nil
}

func kindOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "boolean"
	case reflect.String:
		return "string"
	case reflect.Slice:
		return "array of strings"
	}
	return "number"
}

func each(s reflect.Value, do func(name string, omitEmpty bool, field reflect.Value)) {
	for i := range s.NumField() {
		name, options, _ := strings.Cut(s.Type().Field(i).Tag.Get("json"), ",")
		do(name, strings.Contains(options, "omitempty"), s.Field(i))
	}
}

// members reads the JSON object of a control request.
func members(r *http.Request) (map[string]json.RawMessage, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var m map[string]json.RawMessage
	if json.Unmarshal(body, &m) != nil || m == nil {
		return nil, errors.New("the body must be a JSON object")
	}
	return m, nil
}
