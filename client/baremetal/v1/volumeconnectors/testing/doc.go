// volumeconnectors unit tests
package testing
