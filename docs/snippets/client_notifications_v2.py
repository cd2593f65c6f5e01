from extrahorizon.client import ExtraHorizon


def tell_reviewed(exh: ExtraHorizon, patient_id: str, measurement_id: str) -> bool:
    """Notify a patient's devices of a review; False if there is no device. The text omits the result."""
    notification = exh.notifications_v2.create(
        targetUserId=patient_id,
        title="Your measurement was reviewed",
        body="Open the app to see the result.",
        data={"measurementId": measurement_id},
    )
    return notification.get("sent", False)


def register_phone(exh: ExtraHorizon, user_id: str, firebase_token: str) -> int:
    """Keep the Firebase token of a user's phone."""
    return exh.notifications_v2.user_settings.add_or_update_device(user_id, "phone", fcmToken=firebase_token)
