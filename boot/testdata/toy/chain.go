package ipxe

import "ironhook/baremetal"

// Chain makes the script that goes on with what is at url. A url that a script cannot
// express is ErrInvalid.
func Chain(url string) (Script, error) {
	url, err := word(url)
	if err != nil {
		return Script{}, baremetal.Errorf(baremetal.ErrInvalid, "instance_info.chain_url %v.", err)
	}
	var s Script
	s.add("chain --replace --autofree %s ||", url)
	s.end(NextDevice)
	return s, nil
}
