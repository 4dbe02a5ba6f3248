package store

import (
	"fmt"
	"os"
	"syscall"
)

// Source: Linux, magic numbers of network file systems, where SQLite's locks do not hold.
var networkDisks = map[uint32]string{0x6969: "NFS", 0xff534d42: "CIFS", 0xfe534d42: "SMB2", 0x517b: "SMB", 0x65735546: "FUSE"}

// localDisk refuses network shares.
func localDisk(dir string) error {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return err
	}
	if name, ok := networkDisks[uint32(s.Type)]; ok {
		return fmt.Errorf("%s is on a network share (%s); put the database on a local disk", dir, name)
	}
	return nil
}

// lockFile takes the file for this process until it is given back or the process ends.
func lockFile(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }

// unlockFile gives the file back, also where a process that is just being started still holds a copy of it.
func unlockFile(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_UN) }
