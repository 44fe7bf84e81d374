// Package rest is the engine under all APIs of the house. An API is tables over it:
//
//   - a [Route] for each thing that can be asked, with the microversion that brought it and the
//     [Argument] rows it takes; [NewRouter] makes the router of them, [OpenAPI] the document;
//   - a [Field] for each member of a [Resource], with the version that brought it, who may
//     write it, its type and whether lists may be sorted by it. Shaping a reply,
//     "fields=", the schema of a POST, the rules of a PATCH and sorting follow from it.
//
// A request becomes a [Call]. Its handler returns the bytes of a body, or an error: a
// [Refusal] with a status, or a kind of package baremetal, whose status [Status] knows.
// The engine knows no store: the rows of a list come through [Rows].
//
// Errors quote what a client sent by [Quote] and [QuoteAs], which mask secrets, and in the
// words of the Python libraries under OpenStack, which clients compare.
//
// The envelope of an error is the API's own: Ironic, Glance and Cinder differ there, and
// their clients depend on it.
package rest
