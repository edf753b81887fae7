package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
)

// The labels keep the keys of an Org apart: none tells anything of another.
const (
	labelArtifacts   = "interlock/1/artifacts"
	labelSessionKeys = "interlock/1/session keys"
	labelCheckpoints = "interlock/1/checkpoints"
)

// keySize is of AES-256 and of an Ed25519 seed.
const keySize = 32

var errSealed = errors.New("does not open under this key")

// keys are one Org's, all derived from its secret.
type keys struct {
	artifacts, wrap []byte
	sign            ed25519.PrivateKey
}

func derive(org string, secret []byte) (k keys, err error) {
	if len(secret) < shortestKey {
		return k, fmt.Errorf("key of organisation %q: needs at least %d bytes", org, shortestKey)
	}
	var seed []byte
	for label, to := range map[string]*[]byte{labelArtifacts: &k.artifacts, labelSessionKeys: &k.wrap, labelCheckpoints: &seed} {
		if *to, err = hkdf.Key(sha256.New, secret, nil, label, keySize); err != nil {
			return k, fmt.Errorf("derive key: %w", err)
		}
	}
	k.sign = ed25519.NewKeyFromSeed(seed)
	return k, nil
}

// of gives the keys of an Org, or says that it has none.
func (db *DB) of(org string) (keys, error) {
	k, ok := db.keys[org]
	if !ok {
		return k, fmt.Errorf("organisation %q has no key", org)
	}
	return k, nil
}

// seal encrypts with AES-256-GCM; the nonce stands before the text. What it
// belongs to is bound to it, so that it opens nowhere else.
func seal(key []byte, belongs string, text []byte) ([]byte, error) {
	g, err := gcm(key)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, g.NonceSize(), g.NonceSize()+len(text)+g.Overhead())
	_, _ = rand.Read(nonce) // never fails
	return g.Seal(nonce, nonce, text, []byte(belongs)), nil
}

func open(key []byte, belongs string, sealed []byte) ([]byte, error) {
	g, err := gcm(key)
	if err != nil {
		return nil, err
	}
	if len(sealed) < g.NonceSize() {
		return nil, errSealed
	}
	text, err := g.Open(nil, sealed[:g.NonceSize()], sealed[g.NonceSize():], []byte(belongs))
	if err != nil {
		return nil, errSealed
	}
	return text, nil
}

func gcm(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("use key: %w", err)
	}
	return cipher.NewGCM(block)
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}
