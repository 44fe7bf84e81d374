package main

import "slices"

// mutants are all there are, by number. Where one lives, the missing test is written;
// where the source moves on, the mutant follows.
var mutants = slices.Concat(ofStore, ofVolume, ofBlock, ofBoot, ofHouse)
