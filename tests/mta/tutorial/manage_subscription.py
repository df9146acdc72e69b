def manage_subscription(bounce_data):
    for sub_id in bounce_data['hard']:
        db.execute("UPDATE subscribers SET status='bounced' WHERE id=?", (sub_id,))

    for sub_id in bounce_data['soft']:
        soft_count = db.execute("SELECT soft_bounces FROM subscribers WHERE id=?", (sub_id,))
        if soft_count >= 3:
            db.execute("UPDATE subscribers SET status='bounced' WHERE id=?", (sub_id,))
