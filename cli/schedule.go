package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"ironhook/appliance/backup"
)

// setBackupTo wants a URL, or a directory that exists: the mount point of a disk that is not there would be filled.
func setBackupTo(c *Config, v string) (err error) {
	if v == "" || backup.IsURL(v) {
		c.Backups.To = v
		return nil
	}
	if _, err := os.ReadDir(v); err != nil {
		return fmt.Errorf("%w; give a directory that can be read and written", err)
	}
	c.Backups.To, err = filepath.Abs(v)
	return err
}

func setBackupEvery(c *Config, v string) (err error) {
	c.Backups.Every, err = time.ParseDuration(v)
	if err != nil || c.Backups.Every < time.Second {
		return fmt.Errorf("want a time of a second or more, such as 6h or 90m")
	}
	return nil
}

func setBackupFullEvery(c *Config, v string) (err error) {
	c.Backups.FullEvery, err = time.ParseDuration(v)
	if err != nil || c.Backups.FullEvery < 0 {
		return fmt.Errorf("want a time such as 168h, or 0 to write all layers each time")
	}
	return nil
}

func setBackupCredentials(c *Config, v string) error {
	c.Backups.Credentials = v
	return nil
}

func setBackupKeep(c *Config, v string) (err error) {
	c.Backups.Keep, err = strconv.Atoi(v)
	if err != nil || c.Backups.Keep < 1 {
		return fmt.Errorf("want a number of 1 or more")
	}
	return nil
}

func setBackupVolumes(c *Config, v string) error {
	if v != "yes" && v != "no" {
		return fmt.Errorf("want yes or no")
	}
	c.Backups.Volumes = v == "yes"
	return nil
}

func setBackupPassphrase(c *Config, v string) (err error) {
	if v != "" {
		c.Backups.Passphrase, err = secretIn(v)
	}
	return err
}
