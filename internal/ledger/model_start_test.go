package ledger

// Where the models begin.

func loginModel(name string, change func(*model)) *model {
	w := world{right: 1}
	for i := range w.proc {
		w.proc[i].env = 1
	}
	return changed(&model{name: name, start: []world{w}}, change)
}

// rotationModel has two processes that share a credentials file.
func rotationModel(name string, change ...func(*model)) *model {
	w := world{right: 1, file: 1}
	w.proc[0].file, w.proc[1].file, w.proc[2].gone = true, true, true
	return changed(&model{name: name, start: []world{w}, rotations: true}, change...)
}

// three has a third process with the file.
func three(m *model) { m.start[0].proc[2] = proc{file: true} }

// bystander has a third process, which holds the old password in its environment.
func bystander(m *model) { m.start[0].proc[2] = proc{env: 1} }

func sessionModel(name string, change func(*model)) *model {
	m := loginModel(name, change)
	m.sessions = true
	return m
}

// rearmModel has a person who rearms, and wrong passwords that make it worth while. What a person
// allows may cost a login in an outage.
func rearmModel(name string, change ...func(*model)) *model {
	return changed(loginModel(name, func(m *model) {
		m.rearms, m.mistakes = true, true
		m.laws &^= oneAnOutage
	}), change...)
}

func mistakes(m *model) { m.mistakes = true }
func changes(m *model)  { m.changes = true }
func outages(m *model)  { m.outages = true }

func changed(m *model, change ...func(*model)) *model {
	if m.laws == 0 {
		m.rules, m.laws = theRules(), allLaws
	}
	for _, c := range change {
		if c != nil {
			c(m)
		}
	}
	for i := range m.start[0].proc {
		if m.anyPassword() {
			m.start[0].proc[i].env = 0
		}
	}
	return m
}

// only lets so many processes take part: a story that needs no more is found sooner.
func only(n int, m *model) *model {
	for i := n; i < procs; i++ {
		m.start[0].proc[i].gone = true
	}
	return m
}
