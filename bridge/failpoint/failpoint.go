// Package failpoint names the instants at which a crash matters. In a build with the tag failpoint the process kills itself at the one
// that its environment chooses; in any other build there is nothing of it but calls of empty functions, which the compiler takes out.
package failpoint
