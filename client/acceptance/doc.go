// Package acceptance tests the packages of this module against a real Bare Metal API
// that has the driver fake-hardware:
//
//	OS_AUTH_TYPE=none OS_ENDPOINT=http://ironic:6385 go test -tags acceptance ./acceptance
package acceptance
