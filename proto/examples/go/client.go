// A caller in Go: creates a session, watches it, updates it, and reads what is wrong with a bad update.
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"os"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"

	pb "example/gen/channelsession/v1"
)

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func run(address, serviceConfigFile string) error {
	serviceConfig, err := os.ReadFile(serviceConfigFile)
	if err != nil {
		return err
	}
	connection, err := grpc.NewClient(address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(string(serviceConfig)),
		// Finds a peer that is gone without a word, which a quiet watch would wait for.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 30 * time.Second, Timeout: 10 * time.Second}))
	if err != nil {
		return err
	}
	defer connection.Close()
	service := pb.NewChannelSessionServiceClient(connection)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()

	id := rand.Text()
	document := `{"isActive": true}`
	if _, err := service.CreateChannelSession(ctx, &pb.CreateChannelSessionRequest{
		ChannelSessionId: id, DocumentJson: &document, RequestId: rand.Text(),
	}); err != nil {
		return err
	}

	watch, err := service.WatchChannelSessions(ctx, &pb.WatchChannelSessionsRequest{ChannelSessionId: id})
	if err != nil {
		return err
	}
	// The first message is a checkpoint: from here on, nothing is missed.
	if _, err := watch.Recv(); err != nil {
		return err
	}

	updated, err := service.UpdateData(ctx, update(id, "queue", "String50", structpb.NewStringValue("sales")))
	if err != nil {
		return err
	}
	fmt.Printf("updated to revision %d\n", updated.GetChannelSession().GetRevision())

	for {
		message, err := watch.Recv()
		if err != nil {
			return err
		}
		// Store message.Position: it is where a later watch resumes.
		if event := message.GetEvent(); event != nil {
			fmt.Printf("%s, revision %d: %s\n", event.GetName(), event.GetRevision(), event.GetChanges()[0].GetKey())
			break
		}
	}

	_, err = service.UpdateData(ctx, update(id, "visits", "Number", structpb.NewStringValue("many")))
	for _, detail := range status.Convert(err).Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			fmt.Println(detail.GetReason())
		case *errdetails.BadRequest:
			for _, violation := range detail.GetFieldViolations() {
				fmt.Printf("%s %s (%s)\n", violation.GetField(), violation.GetDescription(), violation.GetReason())
			}
		}
	}
	return nil
}

// An update of one attribute, under a request id of its own: sent again as it is, it is made once.
func update(id, key, valueType string, value *structpb.Value) *pb.UpdateDataRequest {
	return &pb.UpdateDataRequest{
		ChannelSessionId: id,
		Attributes:       []*pb.Attribute{{Key: key, Type: valueType, Value: value}},
		RequestId:        rand.Text(),
	}
}
