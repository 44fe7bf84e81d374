package client

import (
	"io"
	"net/http"
)

// printClouds prints the appliance's clouds.yaml: one file for the clients of all three
// APIs. The user adds the password.
func printClouds(c *call) error {
	response, err := c.send(c.ctx, http.MethodGet, "/ironhook/v1/clouds.yaml", nil, nil)
	if err != nil {
		return err
	}
	defer response.Body.Close() //nolint:errcheck // only read
	_, err = io.Copy(c.out, response.Body)
	return err
}
