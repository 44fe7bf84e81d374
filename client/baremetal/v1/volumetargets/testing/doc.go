// volumetargets unit tests
package testing
