package main

import "slices"

// faults is the whole table: what could be broken by a careless hand, and which test says so.
func faults() []fault {
	return slices.Concat(coreFaults, engineFaults, storeFaults, faceFaults, dynamicsFaults, signatureFaults(), providerFaults, programFaults)
}
