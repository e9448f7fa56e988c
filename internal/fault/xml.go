package fault

import "strings"

// entities are XML's own five.
var entities = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&apos;", "'", "&amp;", "&")

// parseXML reads the gateway's XML fault: a root element named fault, in any namespace and with any
// prefix, with code and message elements in it. It reads no other XML; encoding/xml would add a
// hundred kilobytes to every program that imports the client, for a shape this small.
func parseXML(body []byte) Fault {
	doc := skipProlog(string(body))
	name, content, ok := openTag(doc)
	if !ok || local(name) != "fault" {
		return Fault{}
	}
	code := elementText(content, "code")
	if code == "" {
		return Fault{}
	}
	return made(Gateway, code, elementText(content, "message"))
}

// skipProlog drops declarations, comments and a document type.
func skipProlog(doc string) string {
	for {
		doc = strings.TrimSpace(doc)
		end := ">"
		switch {
		case strings.HasPrefix(doc, "<?"):
			end = "?>"
		case strings.HasPrefix(doc, "<!--"):
			end = "-->"
		case strings.HasPrefix(doc, "<!"):
		default:
			return doc
		}
		_, rest, found := strings.Cut(doc, end)
		if !found {
			return ""
		}
		doc = rest
	}
}

// openTag takes the start tag at the beginning of doc.
func openTag(doc string) (name, rest string, ok bool) {
	if !strings.HasPrefix(doc, "<") {
		return "", "", false
	}
	tag, rest, found := strings.Cut(doc[1:], ">")
	if !found || strings.HasSuffix(tag, "/") {
		return "", "", false
	}
	name, _, _ = strings.Cut(tag, " ")
	return strings.TrimSpace(name), rest, true
}

// elementText returns the text of the first element with this local name that holds only text.
func elementText(content, name string) string {
	for {
		_, after, found := strings.Cut(content, "<")
		if !found {
			return ""
		}
		tag, inside, ok := openTag("<" + after)
		content = after
		if !ok || local(tag) != name {
			continue
		}
		text, end, found := strings.Cut(inside, "<")
		if !found || !strings.HasPrefix(end, "/"+tag) {
			return ""
		}
		return strings.TrimSpace(entities.Replace(text))
	}
}

// local is a name without its prefix.
func local(name string) string {
	if _, after, found := strings.Cut(name, ":"); found {
		return after
	}
	return name
}
