package slack

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/slack-go/slack"

	"interlock/bot"
	"interlock/bot/chart"
)

// pictureSize is twice what a desk shows and three times what a phone does.
var pictureSize = chart.Size{Width: 1000, Height: 380}

const (
	mostPictures = 4               // of one card; of others the words are shown
	mostAlt      = 2000            // of an image, in characters
	pictureTime  = 8 * time.Second // that a card waits for its pictures
	pictureRest  = time.Minute     // after an upload that failed none is tried
)

// errNotReady is a file that Slack still works on.
var errNotReady = errors.New("the picture is not ready in Slack yet")

// shown sends a card with its pictures, or without them: the words of each stand on the
// card in any case. A file that was there may be gone, which Slack tells by refusing the
// message; then it goes without.
func (p *Platform) shown(ctx context.Context, c bot.Card, send func(d drawing) error) (drawing, error) {
	files := p.uploaded(ctx, c.Pictures)
	d := pictured(c, files)
	err := send(d)
	if len(files) > 0 && code(err) == "invalid_blocks" {
		p.pictures.forget(files)
		d = draw(c)
		err = send(d)
	}
	return d, err
}

// uploaded are the files of pictures in their order, or none when one is missing: a
// card with half of its pictures would puzzle.
func (p *Platform) uploaded(ctx context.Context, all []bot.Picture) (files []string) {
	if len(all) == 0 || p.pictures.rests(p.now()) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, pictureTime)
	defer cancel()
	for _, pic := range all[:min(len(all), mostPictures)] {
		id, err := p.picture(ctx, pic)
		if err != nil {
			if !errors.Is(err, errNotReady) {
				p.pictures.rest(p.now().Add(pictureRest))
			}
			p.log().WarnContext(ctx, "a card goes without its pictures", "error", err)
			return nil
		}
		files = append(files, id)
	}
	return files
}

// picture is the file of one picture. The same picture is uploaded once.
func (p *Platform) picture(ctx context.Context, pic bot.Picture) (string, error) {
	content, err := chart.PNG(pic, pictureSize)
	if err != nil {
		return "", fmt.Errorf("draw picture: %w", err)
	}
	key := sha256.Sum256(content)
	f, known := p.pictures.find(key)
	if !known {
		if f.id, err = p.upload(ctx, pic, content); err != nil {
			return "", err
		}
		p.pictures.keep(key, f)
	}
	if !f.ready {
		if err := p.ready(ctx, f.id); err != nil {
			return "", err
		}
		p.pictures.keep(key, pictureFile{f.id, true})
	}
	return f.id, nil
}

// upload gives Slack a picture. It is shared with nobody: only a message of ours shows
// it.
func (p *Platform) upload(ctx context.Context, pic bot.Picture, content []byte) (id string, err error) {
	err = p.paced(ctx, methodUpload, "", func(api *slack.Client) error {
		f, err := api.UploadFileContext(ctx, slack.UploadFileParameters{
			Filename: "chart.png", Title: plainText(orElse(pic.Title, "Chart"), mostTitle).Text,
			FileSize: len(content), Reader: bytes.NewReader(content), AltTxt: alt(pic),
		})
		if err == nil {
			id = f.ID
		}
		return wrap("upload picture", err)
	})
	return id, err
}

// ready waits until a file can stand in a message: Slack takes it at once, and looks at
// it later. It has a type when that is done.
func (p *Platform) ready(ctx context.Context, id string) error {
	for wait := 200 * time.Millisecond; ; wait *= 2 {
		var f *slack.File
		err := p.paced(ctx, methodFile, "", func(api *slack.Client) (err error) {
			f, _, _, err = api.GetFileInfoContext(ctx, id, 0, 0)
			return wrap("look at picture", err)
		})
		if err != nil {
			return err
		}
		if f.Mimetype != "" {
			return nil
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return errNotReady
		case <-t.C:
		}
	}
}
