package main

import "slices"

// mutants are all there are, by number, with a table for each room. Where one lives, the
// missing test is written; where the source moves on, the mutant follows.
var mutants = slices.Concat(
	ofStore, ofVolume, ofDisk, ofImage, ofSCSI, ofISCSI, ofBootsrv, ofDHCP, ofIPXE, ofPower,
	ofConductor, ofStorage, ofPool, ofAPI, ofWeb, ofBackup,
)
