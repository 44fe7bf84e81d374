package volumeconnectors

import (
	"net/url"

	"github.com/gophercloud/gophercloud/v2"
)

func createURL(client *gophercloud.ServiceClient) string {
	return client.ServiceURL("volume", "connectors")
}

func listURL(client *gophercloud.ServiceClient) string {
	return createURL(client)
}

func resourceURL(client *gophercloud.ServiceClient, id string) string {
	return client.ServiceURL("volume", "connectors", url.PathEscape(id))
}

func getURL(client *gophercloud.ServiceClient, id string) string {
	return resourceURL(client, id)
}

func updateURL(client *gophercloud.ServiceClient, id string) string {
	return resourceURL(client, id)
}

func deleteURL(client *gophercloud.ServiceClient, id string) string {
	return resourceURL(client, id)
}
