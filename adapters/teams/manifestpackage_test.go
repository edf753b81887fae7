package teams

import (
	"archive/zip"
	"bytes"
	"fmt"
	"image/color"
	"image/png"
	"io"
	"math"
	"slices"
	"testing"
)

// packageFiles are what is in the zip, in its order.
func packageFiles(t *testing.T, b []byte) (names []string, files map[string][]byte) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	files = map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if !f.Modified.Equal(packed) {
			t.Errorf("%s is of %v", f.Name, f.Modified)
		}
		names, files[f.Name] = append(names, f.Name), data
	}
	return names, files
}

func TestPackage(t *testing.T) {
	t.Parallel()
	o := ManifestOptions{AppID: manifestApp, URL: manifestHost}
	b, err := Package(o)
	if err != nil {
		t.Fatal(err)
	}
	names, files := packageFiles(t, b)
	if len(names) != 3 || len(files) != 3 {
		t.Errorf("it holds %v", names)
	}
	m := manifestOf(t, o)
	if files[manifestFile] == nil || files[m.Icons.Color] == nil || files[m.Icons.Outline] == nil {
		t.Errorf("the manifest names %+v, and there are %v", m.Icons, names)
	}
	if text, err := Manifest(o); err != nil || !bytes.Equal(text, files[manifestFile]) {
		t.Errorf("the manifest in it is another one: %v", err)
	}
	if again, err := Package(o); err != nil || !bytes.Equal(b, again) {
		t.Errorf("the same again is something else: %v", err)
	}
	if n := len(b); n > 100_000 {
		t.Errorf("%d bytes", n)
	}
}

// iconPixels counts the colors of an icon.
func iconPixels(t *testing.T, draw func() ([]byte, error), size int) map[color.NRGBA]int {
	t.Helper()
	b, err := draw()
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if s := img.Bounds().Size(); s.X != size || s.Y != size {
		t.Errorf("it is %v, not %d square", s, size)
	}
	all := map[color.NRGBA]int{}
	for y := range size {
		for x := range size {
			all[color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)]++
		}
	}
	return all
}

// Teams wants the outline white, on nothing.
func TestOutlineIcon(t *testing.T) {
	t.Parallel()
	seen, clear := 0, 0
	for c, n := range iconPixels(t, outlineIcon, outlineSize) {
		if c.A == 0 {
			clear += n
			continue
		}
		if seen += n; c.R != 0xff || c.G != 0xff || c.B != 0xff {
			t.Errorf("%d pixels are %v", n, c)
		}
	}
	if whole := outlineSize * outlineSize; seen < whole/5 || clear < whole/3 {
		t.Errorf("%d pixels are seen, %d are clear", seen, clear)
	}
}

// The colored one covers its square, with the accent around both rings.
func TestColorIcon(t *testing.T) {
	t.Parallel()
	all := iconPixels(t, colorIcon, colorSize)
	for c := range all {
		if c.A != 0xff {
			t.Errorf("a pixel is %v", c)
		}
	}
	for name, c := range map[string]color.NRGBA{"accent": paper, "left ring": white, "right ring": skyBlue} {
		if all[c] < 1000 {
			t.Errorf("%s: %d pixels", name, all[c])
		}
	}
	if is := fmt.Sprintf("#%02X%02X%02X", paper.R, paper.G, paper.B); is != accent {
		t.Errorf("the accent of the manifest is %s, the icon's %s", accent, is)
	}
}

// Along the right ring's upper half it passes below the left one, with a gap on
// both sides; along the lower half it passes above.
func TestRings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		half float64
		want []int
	}{"upper": {-1, []int{2, 0, 1, 0, 2}}, "lower": {1, []int{2}}} {
		var met []int
		for i := 1; i < 1000; i++ {
			sin, cos := math.Sincos(math.Pi * float64(i) / 1000)
			met = append(met, ring(ringApart+ringRadius*cos, c.half*ringRadius*sin))
		}
		if met = slices.Compact(met); !slices.Equal(met, c.want) {
			t.Errorf("%s half: %v", name, met)
		}
	}
}
