package web

import (
	"time"

	"ironhook/internal/limit"
)

// guessing bounds guesses of passwords from one address.
var guessing = limit.Slowdown{Free: 5, Longest: time.Minute, Forget: 15 * time.Minute, Sources: 4096}
