package baremetalapi

import (
	"errors"
	"io"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/internal/limit"
)

// A report of a ramdisk may be long and comes without a password, so that what all of them together may
// hold in memory is bounded. Short ones, as most are, are not counted.
const (
	longReports     = 16 // at once
	longReportsEach = 2  // of one address
	reportIdle      = time.Second
	reportStep      = 64 << 10 // bytes that count as a sign of life
)

func newReports() *limit.Places[netip.Addr] {
	return limit.NewPlaces[netip.Addr](longReportsEach, longReports, reportIdle, limit.LongReports)
}

// admit gives a long report a place, which ends with it or goes to another when no more of it comes. It
// returns the request to go on with.
func (a *API) admit(w http.ResponseWriter, r *http.Request) (_ *http.Request, done func(), err error) {
	if r.ContentLength >= 0 && r.ContentLength <= rest.MaxBody {
		return r, func() {}, nil
	}
	b := &reportBody{ReadCloser: r.Body}
	b.place = a.reports.Take(time.Now(), limit.SourceOf(r.RemoteAddr), func() {
		b.gone.Store(true)
		_ = http.NewResponseController(w).SetReadDeadline(time.Unix(1, 0)) // ends a read; without deadlines the next one ends
	})
	if b.place == nil {
		return nil, nil, baremetal.Errorf(baremetal.ErrBusy, "Too many long reports come at once; send it again in a moment.")
	}
	r = r.WithContext(r.Context()) // a handler must not change what it was given
	r.Body = b
	return r, b.place.Return, nil
}

// reportBody is the body of a long report.
type reportBody struct {
	io.ReadCloser
	place *limit.Place[netip.Addr]
	gone  atomic.Bool // the place went to another
	came  int         // bytes since it was marked as used
}

var errReportGone = errors.New("another report has taken its place")

func (b *reportBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.came += n; b.came >= reportStep {
		b.came = 0
		b.place.Use(time.Now())
	}
	if b.gone.Load() {
		return n, errReportGone
	}
	return n, err
}
