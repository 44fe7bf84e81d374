package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// bucket is a shelf in S3-like storage: the objects of a bucket whose keys begin with a prefix.
type bucket struct {
	client *minio.Client
	at     url.URL // of the bucket and the prefix
	name   string
	prefix string // "" or ends with a slash
}

// partSize is how much of an object is sent at once, and kept in memory meanwhile. An object
// has 10,000 parts at most (Amazon S3, "Multipart upload limits"), which makes 625 GiB.
const partSize = 64 << 20

// ErrCredentials is the error of S3-like storage for which there are no credentials.
var ErrCredentials = errors.New("no credentials")

func openBucket(u *url.URL, file string) (Shelf, error) {
	name, prefix, _ := strings.Cut(strings.Trim(u.Path, "/"), "/")
	if u.Host == "" || name == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%s: want https://HOST/BUCKET or https://HOST/BUCKET/PREFIX", u.Redacted())
	}
	keys := credentials.NewFileAWSCredentials(file, "")
	if file == "" {
		keys = credentials.NewChainCredentials([]credentials.Provider{&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}})
	}
	if v, err := keys.GetWithContext(&credentials.CredContext{Client: http.DefaultClient}); err != nil || v.AccessKeyID == "" ||
		v.SecretAccessKey == "" {
		return nil, fmt.Errorf("%s: %w: give a file with the lines [default], aws_access_key_id = ..., aws_secret_access_key = ..., "+
			"or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", u.Host, ErrCredentials)
	}
	client, err := minio.New(u.Host, &minio.Options{Creds: keys, Secure: u.Scheme == "https", BucketLookup: minio.BucketLookupPath})
	if err != nil {
		return nil, err
	}
	if prefix != "" {
		prefix += "/"
	}
	return &bucket{client: client, at: *u, name: name, prefix: prefix}, nil
}

func (b *bucket) Where(name string) string {
	at := b.at
	at.Path = "/" + path.Join(b.name, b.prefix, name)
	return at.String()
}

func (b *bucket) List(ctx context.Context) (names []string, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for object := range b.client.ListObjects(ctx, b.name, minio.ListObjectsOptions{Prefix: b.prefix}) {
		if object.Err != nil {
			return nil, fmt.Errorf("%s: %w", b.Where(""), object.Err)
		}
		names = append(names, strings.TrimPrefix(object.Key, b.prefix))
	}
	return names, nil
}

func (b *bucket) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	object, err := b.client.GetObject(ctx, b.name, b.prefix+name, minio.GetObjectOptions{})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Where(name), err)
	}
	if _, err := object.Stat(); err != nil { // the first request
		if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
			err = fs.ErrNotExist
		}
		return nil, errors.Join(fmt.Errorf("%s: %w", b.Where(name), err), object.Close())
	}
	return object, nil
}

// Save uploads in parts, which become an object with the last request.
func (b *bucket) Save(ctx context.Context, name string, write func(io.Writer) error) error {
	in, out := io.Pipe()
	written := make(chan error, 1)
	go func() {
		err := write(out)
		written <- err
		out.CloseWithError(err) //nolint:errcheck // always nil
	}()
	// Each part has a CRC; the seal and the encryption protect all of it.
	options := minio.PutObjectOptions{PartSize: partSize, ContentType: "application/octet-stream", DisableContentSha256: true}
	_, err := b.client.PutObject(ctx, b.name, b.prefix+name, in, -1, options)
	in.CloseWithError(err) //nolint:errcheck // always nil
	if e := <-written; e != nil && !errors.Is(e, io.ErrClosedPipe) && !errors.Is(err, e) && !errors.Is(e, err) {
		err = errors.Join(err, e)
	}
	return err
}

func (b *bucket) Remove(ctx context.Context, name string) error {
	return b.client.RemoveObject(ctx, b.name, b.prefix+name, minio.RemoveObjectOptions{})
}

func (b *bucket) Sweep(ctx context.Context, before time.Time) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for upload := range b.client.ListIncompleteUploads(ctx, b.name, b.prefix, true) {
		if upload.Err != nil {
			return errors.Join(err, upload.Err)
		}
		n, ok := ParseName(strings.TrimPrefix(upload.Key, b.prefix))
		if ok && n.At.Before(before) {
			err = errors.Join(err, b.client.RemoveIncompleteUpload(ctx, b.name, upload.Key))
		}
	}
	return err
}
