// Package lab is a machine room in one process: networks, machines, their BMCs
// and the appliance under test, all real programs, all virtual.
//
//	           network namespace of one Lab
//	+------------------------------------------------------+
//	|  ironhook serve       br0 10.77.0.1/24               |
//	|        |  IPMI          |        |         |         |
//	|        v                tap      tap       veth      |
//	|  ipmi_sim 10.77.1.1 .. QEMU     QEMU     (carrier)   |
//	|        | asks power     ^                            |
//	+--------|----------------|----------------------------+
//	         v                | starts, ends
//	      this process: Lab, Machine, Log
//
// Two things make it pleasant. First, everything a lab starts lives in
// namespaces that die with the process (see Run), so neither a failed test nor
// SIGKILL leaves a machine running, an interface or a route behind, and labs
// cannot meet, even with the same addresses. It needs root or, without it, user
// namespaces. Second, nothing sleeps: a caller waits for a line on a serial
// console, for a power-on, for a process to end; see Log and Machine.
//
// The lab does not know about testing. Tests, the demonstration and the
// benchmarks use it alike.
package lab
