package agent

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"time"
)

// port is where the agent takes commands: that of Ironic's agent.
const port = 9999

// serve looks the node up, then takes commands and sends heartbeats.
func (a *agent) serve(ctx context.Context, api *client) error {
	var node looked
	a.until(ctx, "look up the node", func() (err error) { node, err = api.lookup(ctx, a.macs()); return err })
	uuid, _ := node.Node["uuid"].(string)
	a.say("this is node %s", uuid)
	cert, encoded, err := certificate(a.address.AsSlice(), time.Now())
	if err != nil {
		return fmt.Errorf("make a certificate: %w", err)
	}
	l, err := tls.Listen("tcp", fmt.Sprintf(":%d", port), &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
	if err != nil {
		return err
	}
	c := newCommands(a, node.Config.Token)
	server := &http.Server{Handler: c, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: time.Minute,
		MaxHeaderBytes: 16 << 10}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	beat := map[string]any{"callback_url": "https://" + net.JoinHostPort(a.address.String(), fmt.Sprint(port)), "agent_version": agentVersion,
		"agent_token": node.Config.Token, "agent_verify_ca": encoded}
	interval := time.Duration(max(node.Config.HeartbeatTimeout, 30)) * time.Second / 30
	for ctx.Err() == nil && !a.rescued.Load() {
		a.until(ctx, "heartbeat", func() error { return a.beat(ctx, api, uuid, beat) })
		select {
		case err := <-failed:
			return err
		case <-c.ended: // somebody waits for that
		case <-time.After(interval):
		case <-ctx.Done():
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return errors.Join(ctx.Err(), server.Shutdown(ctx)) // when the last command is answered
}

// beat sends one heartbeat. A node that does not want us now is no failure: it may later.
func (a *agent) beat(ctx context.Context, api *client, node string, beat map[string]any) error {
	err := api.heartbeat(ctx, node, beat)
	var refused statusError
	if errors.As(err, &refused) && refused.status == http.StatusConflict {
		return nil
	}
	return err
}

func (a *agent) macs() (list []string) {
	for _, i := range a.machine.Interfaces() {
		list = append(list, i.MAC)
	}
	return list
}

// certificate makes the certificate of the agent, for its address, and that in PEM. The clock
// of a machine may be years off, so it is valid for long.
func certificate(address net.IP, now time.Time) (cert tls.Certificate, encoded string, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return cert, "", err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return cert, "", err
	}
	template := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: address.String()}, IPAddresses: []net.IP{address},
		NotBefore: now.AddDate(-20, 0, 0), NotAfter: now.AddDate(80, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true, IsCA: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return cert, "", err
	}
	encoded = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, encoded, nil
}
