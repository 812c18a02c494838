import channelsession.v1.Attribute;
import channelsession.v1.ChannelSessionServiceGrpc;
import channelsession.v1.CreateChannelSessionRequest;
import channelsession.v1.UpdateDataRequest;
import channelsession.v1.WatchChannelSessionsRequest;
import com.google.gson.Gson;
import com.google.protobuf.Any;
import com.google.protobuf.Value;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import io.grpc.Context;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** A caller in Java: creates a session, watches it, updates it, and reads what is wrong with a bad update. */
public final class Client {
  public static void main(String[] arguments) throws Exception {
    Map<String, ?> serviceConfig = new Gson().fromJson(Files.readString(Path.of(arguments[1])), Map.class);
    var channel =
        Grpc.newChannelBuilder(arguments[0], InsecureChannelCredentials.create())
            .defaultServiceConfig(serviceConfig)
            // Finds a peer that is gone without a word, which a quiet watch would wait for.
            .keepAliveTime(30, TimeUnit.SECONDS)
            .keepAliveTimeout(10, TimeUnit.SECONDS)
            .build();
    try {
      run(ChannelSessionServiceGrpc.newBlockingStub(channel));
    } finally {
      channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
  }

  private static void run(ChannelSessionServiceGrpc.ChannelSessionServiceBlockingStub service) throws Exception {
    var id = newId();
    service.createChannelSession(
        CreateChannelSessionRequest.newBuilder()
            .setChannelSessionId(id)
            .setDocumentJson("{\"isActive\": true}")
            .setRequestId(newId())
            .build());

    // Closing the context ends the watch.
    try (var context = Context.current().withCancellation()) {
      var request = WatchChannelSessionsRequest.newBuilder().setChannelSessionId(id).build();
      var watch = context.call(() -> service.watchChannelSessions(request));
      // The first message is a checkpoint: from here on, nothing is missed.
      watch.next();

      var updated = service.updateData(update(id, "queue", "String50", "sales"));
      System.out.println("updated to revision " + updated.getChannelSession().getRevision());

      while (watch.hasNext()) {
        // Store message.getPosition(): it is where a later watch resumes.
        var message = watch.next();
        if (message.hasEvent()) {
          var event = message.getEvent();
          System.out.printf(
              "%s, revision %d: %s%n", event.getName(), event.getRevision(), event.getChanges(0).getKey());
          break;
        }
      }
    }

    try {
      service.updateData(update(id, "visits", "Number", "many"));
    } catch (StatusRuntimeException error) {
      for (Any detail : StatusProto.fromThrowable(error).getDetailsList()) {
        if (detail.is(ErrorInfo.class)) {
          System.out.println(detail.unpack(ErrorInfo.class).getReason());
        } else if (detail.is(BadRequest.class)) {
          for (var violation : detail.unpack(BadRequest.class).getFieldViolationsList()) {
            System.out.printf(
                "%s %s (%s)%n", violation.getField(), violation.getDescription(), violation.getReason());
          }
        }
      }
    }
  }

  /** An update of one attribute, under a request id of its own: sent again as it is, it is made once. */
  private static UpdateDataRequest update(String id, String key, String type, String value) {
    var attribute = Attribute.newBuilder().setKey(key).setType(type);
    attribute.setValue(Value.newBuilder().setStringValue(value));
    return UpdateDataRequest.newBuilder()
        .setChannelSessionId(id)
        .addAttributes(attribute)
        .setRequestId(newId())
        .build();
  }

  private static String newId() {
    return UUID.randomUUID().toString();
  }
}
