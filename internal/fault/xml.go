package fault

import (
	"strconv"
	"strings"
)

// parseXML reads the gateway's XML fault: a root element named fault, in any namespace and with any
// prefix, with code and message elements directly in it. It reads no other XML; encoding/xml would add
// a hundred kilobytes to every program that imports the client, for a shape this small. But what it
// reads must be whole and properly nested: a fault gives a strike back, so it must not be one that
// only a comment or a message mentions.
func parseXML(body []byte) Fault {
	s := scanner{rest: string(body)}
	var code, message string
	for {
		switch s.next() {
		case malformed:
			return Fault{}
		case finished:
			if code = strings.TrimSpace(code); code == "" {
				return Fault{}
			}
			return made(Gateway, code, message)
		case opened:
			if len(s.open) == 1 && local(s.open[0]) != "fault" {
				return Fault{}
			}
		case closed:
			switch {
			case len(s.open) != 1:
			case local(s.name) == "code":
				code = string(s.text)
			case local(s.name) == "message":
				message = string(s.text)
			}
		}
	}
}

type token int

const (
	malformed token = iota
	opened          // an element
	closed          // an element: text is what stood in it, if that was text alone
	finished        // the document
)

// deepest is how deeply elements may be nested. The gateway's are not.
const deepest = 16

type scanner struct {
	rest string
	open []string // names of the elements around
	name string   // of the element just closed, "" if none was
	text []byte
	once bool // the root was there
	void bool // the element just opened has its end in its start
}

// next moves to the next start or end of an element, over everything else.
func (s *scanner) next() token {
	s.text = s.text[:0]
	if s.void {
		s.void = false
		return s.closeLast()
	}
	for {
		text, markup, found := strings.Cut(s.rest, "<")
		if len(s.open) == 0 {
			switch {
			case strings.TrimSpace(text) != "":
				return malformed
			case !found:
				return finished
			}
		}
		if !found {
			return malformed
		}
		s.text = append(s.text, unescape(text)...)
		switch {
		case s.cut(markup, "!--", "-->"), s.cut(markup, "?", "?>"):
		case len(s.open) > 0 && strings.HasPrefix(markup, "![CDATA["):
			text := markup[len("![CDATA["):]
			if !s.cut(text, "", "]]>") {
				return malformed
			}
			s.text = append(s.text, text[:len(text)-len(s.rest)-len("]]>")]...)
		case !s.once && s.cut(markup, "!DOCTYPE", ">"): // one with declarations in it goes on, and fails
		case strings.HasPrefix(markup, "/"):
			return s.end(markup[1:])
		default:
			return s.start(markup)
		}
	}
}

// cut drops what begins and ends thus, if it is there.
func (s *scanner) cut(markup, begin, end string) bool {
	inside, ok := strings.CutPrefix(markup, begin)
	if !ok {
		return false
	}
	_, rest, ok := strings.Cut(inside, end)
	if ok {
		s.rest = rest
	}
	return ok
}

func (s *scanner) end(markup string) token {
	name, rest, ok := strings.Cut(markup, ">")
	last := len(s.open) - 1
	if !ok || last < 0 || strings.TrimRight(name, space) != s.open[last] {
		return malformed
	}
	s.rest = rest
	return s.closeLast()
}

func (s *scanner) closeLast() token {
	if s.name != "" {
		s.text = nil // an element was in it
	}
	last := len(s.open) - 1
	s.name, s.open = s.open[last], s.open[:last]
	return closed
}

func (s *scanner) start(markup string) token {
	length := tagLength(markup)
	if length < 0 || s.once && len(s.open) == 0 || len(s.open) == deepest {
		return malformed
	}
	tag := markup[:length]
	name := tag
	if i := strings.IndexAny(tag, space+"/"); i >= 0 {
		name = tag[:i]
	}
	if name == "" || strings.ContainsAny(name, `"'<=&!?`) {
		return malformed
	}
	s.once, s.name = true, ""
	s.open = append(s.open, name)
	s.rest = markup[length+1:]
	s.void = strings.HasSuffix(tag, "/")
	return opened
}

const space = " \t\r\n"

// tagLength finds the > that ends a tag, which may also stand in the value of an attribute.
func tagLength(markup string) int {
	var quote byte
	for i := range len(markup) {
		switch c := markup[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '<':
			return -1
		case c == '>':
			return i
		}
	}
	return -1
}

// local is a name without its prefix.
func local(name string) string {
	if _, after, found := strings.Cut(name, ":"); found {
		return after
	}
	return name
}

// longestReference is what is looked through for a reference's end.
const longestReference = len("#x0010FFFF;")

// entities are XML's own five.
var entities = map[string]string{"lt": "<", "gt": ">", "quot": `"`, "apos": "'", "amp": "&"}

// unescape undoes the references to XML's own entities and to characters; others stay.
func unescape(text string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "&")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, _, whole := strings.Cut(after[:min(len(after), longestReference)], ";")
		meant := ""
		if whole {
			meant = reference(name)
		}
		if meant == "" {
			meant = "&"
			text = after
		} else {
			text = after[len(name)+1:]
		}
		b.WriteString(meant)
	}
}

func reference(name string) string {
	number, ok := strings.CutPrefix(name, "#")
	if !ok {
		return entities[name]
	}
	base := 10
	if strings.HasPrefix(number, "x") {
		number, base = number[1:], 16
	}
	n, err := strconv.ParseUint(number, base, 21)
	if err != nil {
		return ""
	}
	return string(rune(n))
}
