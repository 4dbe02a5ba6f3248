//go:build race

package main

// racing: the race detector makes everything ten times slower and does not care where people pay.
const racing = true
