package image

import (
	"testing"
)

func TestX(t *testing.T) {
	img, err := Build(t.Context(), "/tmp/e2e-scratch/img")
	if err != nil {
		t.Fatal(err)
	}
	if err := img.Volume(t.Context(), "/tmp/e2e-scratch/vol.raw", Options{}); err != nil {
		t.Fatal(err)
	}
}
