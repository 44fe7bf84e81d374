package main

// ofImage are mutants of the import of images.
var ofImage = []mutant{
	{
		251, "volume/image/version.go",
		"return now.etag == v.etag",
		"return true",
		"an image is put together from two files",
		"volume/image", "Download",
	},
	{
		252, "volume/image/download.go",
		"code == http.StatusPartialContent && d.first.continues(res, d.at)",
		"code == http.StatusPartialContent",
		"an image is put together from two files, or has a hole",
		"volume/image", "Download",
	},
	{
		253, "volume/image/download.go",
		"if err == nil && sum.Sum64() != d.sum.Sum64() {",
		"if err == nil && sum.Sum64() == 0 {",
		"the end of a new file follows the beginning of the old one",
		"volume/image", "Download",
	},
	{
		254, "volume/image/import.go",
		"len(in.want) > 0 && !bytes.Equal(got, in.want)",
		"len(in.want) > 0 && bytes.Equal(got, nil)",
		"an image that was tampered with is imported despite its checksum",
		"volume/image", "Import|Refused",
	},
	{
		255, "volume/image/download.go",
		"err == io.EOF && (d.total() < 0 || d.at == d.total())",
		"err == io.EOF",
		"half a download becomes an image",
		"volume/image", "Download",
	},
	{
		256, "volume/image/import.go",
		"a.left -= int64(n); a.left < 0",
		"a.left -= int64(n); a.left < -1<<62",
		"a compressed bomb fills the disk",
		"volume/image", "Refused|Import",
	},
	{
		257, "volume/image/download.go",
		"\t\treq.Header.Set(\"If-Range\", d.first.validator())\n",
		"",
		"servers that would report a new file are not asked",
		"volume/image", "Download",
	},
}
