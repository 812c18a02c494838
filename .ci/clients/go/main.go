// Calls several instances of the service without a pause, by gRPC's own load balancing and the documented service config,
// until its standard input ends. Then it says how many calls were made, and fails if one of them failed or a watcher missed
// a change.
//
// Usage: rolling SERVICE_CONFIG ADDRESS…
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"

	pb "example/gen/channelsession/v1"
)

const (
	callers = 16
	// A call that hangs would otherwise end the run only with its deadline.
	longest = 10 * time.Second
)

// What has come of the calls.
type score struct {
	made, failed atomic.Int64
	slowest      atomic.Int64
}

func main() {
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		log.Fatal(err)
	}
}

func run(serviceConfigFile string, addresses []string) error {
	serviceConfig, err := os.ReadFile(serviceConfigFile)
	if err != nil {
		return err
	}
	// The documented config, and calls spread over all instances.
	config := strings.Replace(string(serviceConfig), "{", `{"loadBalancingConfig": [{"round_robin": {}}],`, 1)
	instances := manual.NewBuilderWithScheme("instances")
	state := resolver.State{}
	for _, address := range addresses {
		state.Addresses = append(state.Addresses, resolver.Address{Addr: address})
	}
	instances.InitialState(state)
	connection, err := grpc.NewClient("instances:///channel-sessions",
		grpc.WithResolvers(instances),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(config))
	if err != nil {
		return err
	}
	defer connection.Close()
	service := pb.NewChannelSessionServiceClient(connection)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()

	var ids []string
	document := `{"isActive": true}`
	for range callers {
		id := rand.Text()
		if _, err := service.CreateChannelSession(ctx, &pb.CreateChannelSessionRequest{
			ChannelSessionId: id, DocumentJson: &document, RequestId: rand.Text(),
		}); err != nil {
			return err
		}
		ids = append(ids, id)
	}

	var made score
	var working sync.WaitGroup
	watched := make(chan error, 1)
	position, err := begin(ctx, service)
	if err != nil {
		return err
	}
	watching, unwatch := context.WithCancel(ctx)
	defer unwatch()
	last := make(chan int64, 1)
	go func() { watched <- watch(watching, service, ids[0], position, last) }()
	ends := make(chan struct{})
	revisions := make([]int64, callers)
	for at, id := range ids {
		working.Add(1)
		go func() {
			defer working.Done()
			revisions[at] = call(ctx, service, id, ends, &made)
		}()
	}
	fmt.Println("calling")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	close(ends)
	working.Wait()
	last <- revisions[0]
	// The watcher looks for the end whenever it hears of a change.
	if _, err := service.UpdateData(ctx, update(ids[0], -1)); err != nil {
		return err
	}
	timeout := time.AfterFunc(longest, unwatch)
	defer timeout.Stop()
	if err := <-watched; err != nil {
		return fmt.Errorf("the watcher: %w", err)
	}
	slowest := time.Duration(made.slowest.Load()).Round(time.Millisecond)
	fmt.Printf("%d calls, %d failed, the slowest took %v; the watcher has seen each change\n",
		made.made.Load(), made.failed.Load(), slowest)
	if made.failed.Load() > 0 {
		return fmt.Errorf("%d calls failed", made.failed.Load())
	}
	return nil
}

// Updates a session and reads it, again and again. Returns its last revision.
func call(ctx context.Context, service pb.ChannelSessionServiceClient, id string, ends chan struct{}, made *score) (revision int64) {
	count := func(call string, begun time.Time, err error) {
		made.made.Add(1)
		taken := int64(time.Since(begun))
		for slowest := made.slowest.Load(); taken > slowest && !made.slowest.CompareAndSwap(slowest, taken); {
			slowest = made.slowest.Load()
		}
		if err != nil {
			made.failed.Add(1)
			fmt.Fprintf(os.Stderr, "%s %s: %v\n", time.Now().Format(time.StampMilli), call, err)
		}
	}
	for value := 0; ; value++ {
		select {
		case <-ends:
			return revision
		default:
		}
		begun := time.Now()
		updated, err := service.UpdateData(ctx, update(id, value))
		count("an update", begun, err)
		if err == nil {
			revision = updated.GetChannelSession().GetRevision()
		}
		begun = time.Now()
		_, err = service.GetChannelSession(ctx, &pb.GetChannelSessionRequest{ChannelSessionId: id})
		count("a read", begun, err)
	}
}

// An update without a request id: what may be tried again is what the service config says of such changes.
func update(id string, value int) *pb.UpdateDataRequest {
	number := structpb.NewNumberValue(float64(value))
	return &pb.UpdateDataRequest{
		ChannelSessionId: id,
		Attributes:       []*pb.Attribute{{Key: "k", Type: "Number", Value: number}},
	}
}

// Where a watch begins that is to hear of what comes.
func begin(ctx context.Context, service pb.ChannelSessionServiceClient) (string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := service.WatchChannelSessions(ctx, &pb.WatchChannelSessionsRequest{})
	if err != nil {
		return "", err
	}
	first, err := stream.Recv()
	return first.GetPosition(), err
}

// Watches a session and resumes at every end, until it has seen the last change. Each revision has to come after the one
// before it.
func watch(ctx context.Context, service pb.ChannelSessionServiceClient, id, position string, last chan int64) error {
	seen, end := int64(1), int64(-1)
	for {
		stream, err := service.WatchChannelSessions(ctx, &pb.WatchChannelSessionsRequest{
			ChannelSessionId: id, Position: position,
		})
		for err == nil {
			var message *pb.WatchChannelSessionsResponse
			if message, err = stream.Recv(); err != nil {
				break
			}
			position = message.GetPosition()
			if event := message.GetEvent(); event != nil {
				if event.GetRevision() != seen+1 {
					return fmt.Errorf("revision %d came after %d", event.GetRevision(), seen)
				}
				seen = event.GetRevision()
			}
			select {
			case end = <-last:
			default:
			}
			if end >= 0 && seen >= end {
				return nil
			}
		}
		if status.Code(err) != codes.Unavailable {
			return fmt.Errorf("it ended with %w, %d of %d seen", err, seen, end)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
