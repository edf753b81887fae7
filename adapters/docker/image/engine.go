package image

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/client"
)

// engine is where the image is put, by the engine's own load: a registry has no
// part in it.
type engine struct{ cli *client.Client }

func (e engine) arch(ctx context.Context) (string, error) {
	v, err := e.cli.ServerVersion(ctx, client.ServerVersionOptions{})
	if err != nil {
		return "", fmt.Errorf("ask engine: %w", err)
	}
	if _, ok := machine(v.Arch); !ok || v.Os != "linux" {
		return "", &RefusedError{What: "an engine on " + v.Os + "/" + v.Arch, Why: "images are made for linux/amd64 and linux/arm64"}
	}
	return v.Arch, nil
}

// recipe is the configuration of an image, in the engine's form. It has no time of
// making, so that its digest, by which the engine calls the image, is that of the
// same parts anywhere.
type recipe struct {
	Arch    string         `json:"architecture"`
	OS      string         `json:"os"`
	Created time.Time      `json:"created"`
	Config  recipeConfig   `json:"config"`
	RootFS  recipeRootFS   `json:"rootfs"`
	History []recipeAction `json:"history"`
}

type recipeConfig struct {
	User       string            `json:"User"`
	WorkingDir string            `json:"WorkingDir"`
	Env        []string          `json:"Env"`
	Labels     map[string]string `json:"Labels"`
}

type recipeRootFS struct {
	Type    string   `json:"type"`
	DiffIDs []string `json:"diff_ids"`
}

type recipeAction struct {
	Created   time.Time `json:"created"`
	CreatedBy string    `json:"created_by"`
}

func newRecipe(arch, layer string, labels map[string]string) recipe {
	return recipe{
		Arch: arch, OS: "linux", Created: epoch(),
		Config: recipeConfig{
			User: "65532:65532", WorkingDir: "/work", Labels: labels,
			Env: []string{"PATH=" + searchPath, "HOME=/tmp", "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE=/etc/tofu.rc"},
		},
		RootFS:  recipeRootFS{Type: "layers", DiffIDs: []string{"sha256:" + layer}},
		History: []recipeAction{{epoch(), "interlock sandbox build"}},
	}
}

// pack writes the tree as a layer to f, and tells its digest and size.
func pack(t *tree, f *os.File) (layer string, size int64, err error) {
	h := sha256.New()
	if err := t.write(io.MultiWriter(f, h)); err != nil {
		return "", 0, err
	}
	if size, err = f.Seek(0, io.SeekCurrent); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	return hex.EncodeToString(h.Sum(nil)), size, err
}

// load gives the engine an image of one layer, under a tag.
func (e engine) load(ctx context.Context, tag string, conf []byte, layer string, size int64, r io.Reader) error {
	in, out := io.Pipe()
	go func() { _ = out.CloseWithError(archive(out, tag, conf, layer, size, r)) }()
	defer func() { _ = in.Close() }()
	res, err := e.cli.ImageLoad(ctx, in, client.ImageLoadWithQuiet(true))
	if err != nil {
		return fmt.Errorf("load image: %w", err)
	}
	defer func() { _ = res.Close() }()
	return loaded(res)
}

// loaded reads what the engine says of a load: an error may be in it.
func loaded(r io.Reader) error {
	d := json.NewDecoder(io.LimitReader(r, 1<<20))
	for {
		var m struct {
			Error string `json:"error"`
		}
		switch err := d.Decode(&m); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("load image: %w", err)
		case m.Error != "":
			return fmt.Errorf("load image: the engine says: %s", m.Error)
		}
	}
}

// archive is an image as engines load it.
func archive(w io.Writer, tag string, conf []byte, layer string, size int64, r io.Reader) error {
	id := sha256.Sum256(conf)
	name := hex.EncodeToString(id[:]) + ".json"
	manifest, err := json.Marshal([]map[string]any{{"Config": name, "RepoTags": []string{tag}, "Layers": []string{layer + "/layer.tar"}}})
	if err != nil {
		return err
	}
	out := tar.NewWriter(w)
	for _, f := range []struct {
		name string
		size int64
		r    io.Reader
	}{
		{name, int64(len(conf)), bytes.NewReader(conf)},
		{layer + "/layer.tar", size, r},
		{"manifest.json", int64(len(manifest)), bytes.NewReader(manifest)},
	} {
		if err := out.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: f.name, Mode: 0o644, Size: f.size, ModTime: epoch()}); err != nil {
			return err
		}
		if _, err := io.Copy(out, f.r); err != nil {
			return err
		}
	}
	return out.Close()
}

// export reads the file system of an image that the engine has, and tells its id.
func (e engine) export(ctx context.Context, base string, t *tree, s *spool) (id string, err error) {
	img, err := e.cli.ImageInspect(ctx, base)
	if cerrdefs.IsNotFound(err) {
		return "", &RefusedError{What: "the base image " + base, Why: "the engine does not have it, and nothing is pulled in passing: load it first"}
	}
	if err != nil {
		return "", fmt.Errorf("look up base image: %w", err)
	}
	c, err := e.cli.ContainerCreate(ctx, bare(img.ID, "true"))
	if err != nil {
		return "", fmt.Errorf("open base image: %w", err)
	}
	defer e.drop(ctx, c.ID)
	r, err := e.cli.ContainerExport(ctx, c.ID, client.ContainerExportOptions{})
	if err != nil {
		return "", fmt.Errorf("read base image: %w", err)
	}
	defer func() { _ = r.Close() }()
	return img.ID, t.read(r, s, func(name string) bool { // the engine's own additions
		return name != ".dockerenv" && !strings.HasPrefix(name, "dev/")
	})
}

func (e engine) drop(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	_, _ = e.cli.ContainerRemove(ctx, id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
}

// id is the content id of an image that was just loaded. Engines that keep the
// image as it is call it by the digest of its configuration.
func (e engine) id(ctx context.Context, tag, layer string) (string, error) {
	img, err := e.cli.ImageInspect(ctx, tag)
	if err != nil {
		return "", fmt.Errorf("look up image: %w", err)
	}
	if !slices.Contains(img.RootFS.Layers, layer) {
		return "", fmt.Errorf("look up image: %s has not the layer %s: somebody else gave the name away meanwhile", tag, layer)
	}
	return img.ID, nil
}
