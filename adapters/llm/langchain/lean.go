//go:build lean

package langchain

import "errors"

func geminiKind() (kind, error) {
	return kind{}, errors.New("this build leaves out Gemini: build without the tag lean")
}
