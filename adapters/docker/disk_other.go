//go:build !linux

package docker

import (
	"context"
	"errors"
)

var errNoDisks = errors.New("only Linux can give a folder a disk of its own")

func canQuota() error { return errNoDisks }

func mountDisk(context.Context, string, string, int64, int, int) error { return errNoDisks }

func mountMemory(string, int64) error { return errNoDisks }

func isMount(string) bool { return false }

func unmount(string) error { return nil }
