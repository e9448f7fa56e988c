package fault_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"iot.internal/thingspace/internal/fault"
)

func TestXMLFaultHoweverItIsWritten(t *testing.T) {
	want := fault.Fault{Kind: fault.Gateway, Code: "900901", Message: `Invalid "Credentials" <&> A`}
	const code, message = `900901`, `Invalid &quot;Credentials&quot; &lt;&amp;&gt; &#65;`
	for name, body := range map[string]string{
		"no namespace":    "<fault><code>" + code + "</code><message>" + message + "</message></fault>",
		"default":         `<fault xmlns="http://wso2.org/apimanager"><code>` + code + "</code><message>" + message + "</message></fault>",
		"any prefix":      `<x-1:fault xmlns:x-1='http://wso2.org/apimanager'><x-1:code>` + code + "</x-1:code><x-1:message>" + message + "</x-1:message></x-1:fault>",
		"undeclared":      "<am:fault><am:code>" + code + "</am:code><am:message>" + message + "</am:message></am:fault>",
		"other order":     "<fault><message>" + message + "</message><type/><code>" + code + "</code></fault>",
		"declaration":     `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n<fault><code>" + code + "</code><message>" + message + "</message></fault>",
		"other encoding":  `<?xml version='1.0' encoding='ISO-8859-1'?><fault><code>` + code + "</code><message>" + message + "</message></fault>",
		"comments":        "<!-- <fault><code>404</code> --><fault><!-- <code>404</code> --><code><!--404-->" + code + "</code><message>" + message + "</message><!-- > --></fault><!-- 404 -->",
		"document type":   "<!DOCTYPE fault><fault><code>" + code + "</code><message>" + message + "</message></fault>",
		"instructions":    "<fault><?code 404?><code>" + code + "</code><message>" + message + "</message></fault><?x?>",
		"space":           "\r\n<fault\n>\n\t<code a = 'b>' >\n" + code + "\n</code >\n<message>\n" + message + "\n</message\t>\n</fault>\n",
		"attributes":      `<fault a="/>" b='">'><code c=">404">` + code + "</code><message>" + message + "</message></fault>",
		"sections":        "<fault><code><![CDATA[900]]>901</code><message><![CDATA[Invalid \"Credentials\" <&> ]]>A</message></fault>",
		"character codes": "<fault><code>&#57;&#x30;0901</code><message>" + message + "</message></fault>",
		"detail":          "<fault><detail><code>404</code><message>no</message></detail><code>" + code + "</code><message>" + message + "</message><x><code>404</code></x></fault>",
	} {
		if got := fault.Parse([]byte(body)); got != want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestXMLThatOnlyMentionsAFaultIsNone(t *testing.T) {
	for name, body := range map[string]string{
		"another root":            "<error><code>900901</code></error>",
		"fault inside":            "<Envelope><fault><code>900901</code></fault></Envelope>",
		"no code":                 "<fault><message>900901</message></fault>",
		"empty code":              "<fault><code/><message>900901</message></fault>",
		"blank code":              "<fault><code> \n</code></fault>",
		"code in a comment":       "<fault><!-- <code>900901</code> --></fault>",
		"code in a section":       "<fault><message><![CDATA[<code>900901</code>]]></message></fault>",
		"code in an attribute":    `<fault x="<code>900901</code>"></fault>`,
		"code in an instruction":  "<fault><?x <code>900901</code>?></fault>",
		"code in a message":       "<fault><message><code>900901</code></message></fault>",
		"code as text":            "<fault>&lt;code&gt;900901&lt;/code&gt;</fault>",
		"fault in a comment":      "<!-- <fault><code>900901</code></fault> -->",
		"comment that never ends": "<!-- > <fault><code>900901</code></fault>",
		"type with declarations":  `<!DOCTYPE fault [<!ENTITY c "900901">]><fault><code>&c;</code></fault>`,
		"wrongly nested":          "<fault><code>900901</fault></code>",
		"not closed":              "<fault><code>900901</code>",
		"closed by another":       "<am:fault><am:code>900901</am:code></ams:fault>",
		"code closed by another":  "<fault><code>900901</kode></fault>",
		"two roots":               "<fault><code>900901</code></fault><fault><code>404</code></fault>",
		"text after":              "<fault><code>900901</code></fault> and more",
		"text before":             "<!-- -->x<fault><code>900901</code></fault>",
		"empty root":              "<fault/>",
		"no name":                 "<><code>900901</code></>",
		"no tag":                  "<",
		"a tag in a tag":          "<fault <code>900901</code></fault>",
		"closed too often":        "</fault><fault><code>900901</code></fault>",
		"late document type":      "<fault><!DOCTYPE x><code>900901</code></fault>",
		"section outside":         "<![CDATA[x]]><fault><code>900901</code></fault>",
		"capitals":                "<FAULT><CODE>900901</CODE></FAULT>",
		"an element without name": "<fault><code>900901</code>< >x</ ></fault>",
		"a name that is none":     "<fault><code>900901</code><a=b></a=b></fault>",
		"a tag cut short":         "<fault a<b><code>900901</code></fault>",
		"two prefixes":            "<a:b:fault><code>900901</code></a:b:fault>",
		"too deep":                "<fault>" + strings.Repeat("<a>", 20) + strings.Repeat("</a>", 20) + "<code>900901</code></fault>",
	} {
		if got := fault.Parse([]byte(body)); got != (fault.Fault{}) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestUnknownReferencesStay(t *testing.T) {
	got := fault.Parse([]byte("<fault><code>404</code><message>&nope; & &; &#; &#x; &#xZZ; &#99999999; &#-1; &amp;lt; &toolongtobeone; &#x41</message></fault>"))
	if want := "&nope; & &; &#; &#x; &#xZZ; &#99999999; &#-1; &lt; &toolongtobeone; &#x41"; got.Message != want {
		t.Errorf("%q", got.Message)
	}
}

// FuzzXML compares with encoding/xml: where that reads a document, nothing else may be read in it.
func FuzzXML(f *testing.F) {
	for _, body := range []string{
		wso2Fault, wso2SecurityFault, "<fault><code>900901</code></fault>", "<fault><a><code>1</code></a><!-- <code>2</code> --><code><![CDATA[3]]></code></fault>",
		"<?xml version=\"1.0\"?>\n<x:fault a='>' b=\"'\"><x:code>&#57;&lt;</x:code ></x:fault>\n", "<fault><code>1<b/>2</code></fault>", "<!DOCTYPE fault><fault><code/>x</fault>",
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if !strings.HasPrefix(body, "<") {
			return
		}
		got := fault.Parse([]byte(body))
		check(t, got)
		root, code, whole := standard(body)
		if !whole {
			return
		}
		code = strings.TrimSpace(code)
		switch {
		case got.Kind == fault.Gateway && (root != "fault" || code == ""):
			t.Fatalf("%q: %+v, but it is no fault", body, got)
		case got.Kind == fault.Gateway && got.Code != "" && got.Code != code:
			t.Fatalf("%q: %q, want %q", body, got.Code, code)
		}
	})
}

// standard is what encoding/xml makes of a document, whole if that is all of it.
func standard(body string) (root, code string, whole bool) {
	d := xml.NewDecoder(strings.NewReader(body))
	depth, inCode := 0, false
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return root, code, depth == 0 && root != ""
		}
		if err != nil {
			return "", "", false
		}
		switch e := token.(type) {
		case xml.StartElement:
			depth++
			if depth == 1 {
				if root != "" {
					return "", "", false
				}
				root = e.Name.Local
			}
			if inCode || depth == 2 && e.Name.Local == "code" {
				code = ""
			}
			inCode = depth == 2 && e.Name.Local == "code"
		case xml.EndElement:
			depth--
			inCode = false
		case xml.CharData:
			if inCode {
				code += string(e)
			}
		}
	}
}
