"""The payment service: orders paid by Stripe, subscriptions of the App Store and the Play Store."""
