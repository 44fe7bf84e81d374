package ipxe

// attempts is how often a script tries before it gives up. It waits one
// second longer after each, so it outlasts the restart of an array or of Ironhook
// that takes up to a quarter of a minute.
const attempts = 6

// retry goes back to the label attempt, after the commands that free what the
// attempt has taken, until the attempts are used up. iPXE has a page for every error number.
func (s *Script) retry(what string, free []string) {
	s.add(":failed")
	s.add("set code ${errno:hexraw}")
	s.add(":report")
	s.add("echo Could not ${failed} %s, attempt ${attempt} of %d (https://ipxe.org/${code})", what, attempts)
	for _, command := range free {
		s.add("%s", command)
	}
	s.add("iseq ${attempt} %d && goto give_up ||", attempts)
	s.add("sleep ${attempt} ||")
	s.add("inc attempt")
	s.add("goto attempt")
}

// giveUp reports to Ironhook at self and, with questions, to the person at the screen,
// then switches the machine off: an operator notices a machine that is off, but not one
// that loops.
func (s *Script) giveUp(node, self string, questions ...string) {
	s.add(":give_up")
	s.credentials(disk{})
	again := "set attempt:int32 1 && goto attempt"
	if self != "" {
		s.add("imgfetch --name report %s/failed/${failed}/${code} && imgfree report ||", self)
		again = "chain --replace --autofree " + self
	}
	s.say("Gave up. " + questions[0])
	for _, question := range questions[1:] {
		s.say(question)
	}
	s.say("The page of " + node + " in Ironhook tells each step of this boot.")
	s.add("prompt --timeout 60000 Press a key to try again, or the machine goes off in a minute && %s ||", again)
	s.end(PowerOff)
}
