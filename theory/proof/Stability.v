(** * Stability of the second phase, for either sign of kappa

    When [beta -> 0] at [eta / beta = kappa] the updates are [- M^t g] with [g = grad ell] and the
    symmetric [M = J + kappa G], [G = (dF/dtheta)(dF/dtheta)^T].  [kappa] has the sign of [beta].

    - [component_along_eigenvector]: along an eigenvector [v] of [M], eigenvalue [lambda], they are
      [- lambda^t <g, v>]; so they die out if and only if [|lambda| < 1], and stay bounded if and
      only if [|lambda| <= 1] ([stable_along_eigenvector]).
    - [eigenvalue_of_kappa]: [lambda |v|^2 = <J v, v> + kappa |(dF/dtheta)^T v|^2], so that a positive
      [kappa] pushes it up and a negative one down; for an eigenvector of both [J] and [G] the
      stable [kappa] are an interval with two ends ([two_sided_bound]).
    - [updates_grow]: no eigenvector is needed to show that the phase diverges:
      [<M^t g, M^t g> >= r^(2t) <g, g>] with [r = <M g, g> / <g, g>].

    Idea of the last.  With [q_t = <M^t g, M^t g>], symmetry and Cauchy-Schwarz give
    [q_(t+1)^2 = <M^t g, M^(t+2) g>^2 <= q_t q_(t+2)]: the ratios [q_(t+1) / q_t] do not decrease, and the
    first is at least [r^2]. *)

From Coq Require Import Reals Lra Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Bptt Potential Network Statements.
Set Implicit Arguments.
Open Scope R_scope.

(** ** Powers of a number *)

Lemma scaled_power_to_0 (lambda c : R) : c <> 0 ->
  (is_lim_seq (fun t => lambda ^ t * c) 0 <-> Rabs lambda < 1).
Proof.
intros Hc. assert (Pc := Rabs_pos_lt c Hc). split; intros H.
- apply Rnot_le_lt. intros L.
  apply is_lim_seq_spec in H. destruct (H (mkposreal _ Pc)) as [n Hn]. specialize (Hn n (Nat.le_refl n)). simpl in Hn.
  rewrite Rminus_0_r, Rabs_mult, <- RPow_abs in Hn.
  assert (1 <= Rabs lambda ^ n) by (apply pow_R1_Rle; exact L). nra.
- assert (L := is_lim_seq_geom lambda H). assert (L2 := is_lim_seq_scal_r _ c 0 L). simpl in L2. rewrite Rmult_0_l in L2. exact L2.
Qed.
Lemma scaled_power_bounded (lambda c : R) : c <> 0 ->
  ((exists K, forall t, Rabs (lambda ^ t * c) <= K) <-> Rabs lambda <= 1).
Proof.
intros Hc. assert (Pc := Rabs_pos_lt c Hc). split.
- intros [K HK]. apply Rnot_lt_le. intros L.
  destruct (Pow_x_infinity lambda) with (b := (K + 1) / Rabs c) as [n Hn]. exact L.
  specialize (Hn n (Nat.le_refl n)). specialize (HK n). rewrite Rabs_mult in HK.
  apply Rge_le in Hn. apply (Rmult_le_compat_r (Rabs c)) in Hn. 2: lra.
  unfold Rdiv in Hn. rewrite Rmult_assoc, Rinv_l, Rmult_1_r in Hn by lra. lra.
- intros L. exists (Rabs c). intros t. rewrite Rabs_mult, <- RPow_abs.
  assert (Rabs lambda ^ t <= 1 ^ t) by (apply pow_incr; split; [apply Rabs_pos | exact L]). rewrite pow1 in H. nra.
Qed.

(** ** A symmetric map *)
Section Symmetric.
Variables (V : NM) (ip : V -> V -> R) (M : V -> V).
Hypothesis Hip : is_inner_product V ip.
Hypothesis M_symmetric : forall x y, ip (M x) y = ip x (M y).

Lemma ip_nonneg x : 0 <= ip x x.
Proof. destruct (eq_dec x zero) as [->|H]. rewrite (ip0r Hip). lra. left. exact (ip_pos Hip H). Qed.
Lemma ip_cauchy_schwarz x y : ip x y * ip x y <= ip x x * ip y y.
Proof.
destruct (eq_dec y zero) as [->|H]. rewrite !(ip0r Hip). lra.
assert (P := ip_pos Hip H).
assert (Q := ip_nonneg (minus (scal (ip y y : R_AbsRing) x) (scal (ip x y : R_AbsRing) y))).
assert (sub : forall a b c, ip c (minus a b) = ip c a - ip c b) by (intros a b c; rewrite !(ip_sym Hip c); apply (ipMl Hip)).
rewrite !(ipMl Hip), !sub, !(ipSl Hip), !(ipSr Hip), (ip_sym Hip y x) in Q.
assert (E : 0 <= ip y y * (ip x x * ip y y - ip x y * ip x y)) by (eapply Rle_trans; [exact Q | right; ring]).
nra.
Qed.
Lemma iterate_symmetric t x y : ip (iterate M t x) y = ip x (iterate M t y).
Proof.
revert x y. induction t as [|t IH]; intros x y; simpl. reflexivity.
rewrite M_symmetric, IH. f_equal. clear. induction t; simpl; congruence.
Qed.
Lemma iterate_along_eigenvector (lambda : R) (v x : V) : M v = scal (lambda : R_AbsRing) v ->
  forall t, ip (iterate M t x) v = lambda ^ t * ip x v.
Proof.
intros Hv t. induction t as [|t IH]; simpl. ring. rewrite M_symmetric, Hv, (ipSr Hip), IH. ring.
Qed.

Variable g : V.
Let q (t : nat) : R := ip (iterate M t g) (iterate M t g).
Lemma q_log_convex t : q (S t) * q (S t) <= q t * q (S (S t)).
Proof.
unfold q. assert (E : ip (iterate M (S t) g) (iterate M (S t) g) = ip (iterate M t g) (iterate M (S (S t)) g)).
{ simpl. apply M_symmetric. }
rewrite E. apply ip_cauchy_schwarz.
Qed.
Theorem rayleigh_growth (r : R) : g <> zero -> r * ip g g = ip (M g) g -> forall t, (r * r) ^ t * ip g g <= q t.
Proof.
intros Hg Hr t. assert (P0 := ip_pos Hip Hg). assert (R0 : 0 <= r * r) by nra.
assert (F1 : r * r * q 0 <= q 1%nat).
{ unfold q; simpl. assert (C := ip_cauchy_schwarz (M g) g). rewrite <- Hr in C. nra. }
(* the ratios do not decrease *)
assert (S1 : forall i, 0 <= q i /\ r * r * q i <= q (S i)).
{ induction i as [|i [I1 I2]]. split. apply ip_nonneg. exact F1.
  split. apply ip_nonneg.
  destruct (Rle_lt_or_eq_dec 0 (q i) I1) as [Pi|Zi].
  - assert (L := q_log_convex i). assert (N := ip_nonneg (iterate M (S i) g)). fold (q (S i)) in N.
    apply Rmult_le_reg_l with (q i); auto. eapply Rle_trans. 2: exact L. nra.
  - (* once zero, always zero *)
    assert (L := q_log_convex i). rewrite <- Zi, Rmult_0_l in L. assert (E : q (S i) = 0) by nra.
    rewrite E, Rmult_0_r. apply ip_nonneg. }
induction t as [|t IH]. unfold q; simpl. lra.
destruct (S1 t) as [_ S2]. simpl pow. eapply Rle_trans. 2: exact S2. rewrite Rmult_assoc. now apply Rmult_le_compat_l.
Qed.
End Symmetric.

(** ** The second phase at a fixed ratio *)
Section Stability.
Variable N : network.
Variables (DF : State N * Param N -> State N) (DPhi_theta : State N * Param N -> Param N).
Hypothesis primitive : has_primitive_function N.
Hypothesis second_derivatives : derivatives N DF DPhi_theta.
Local Notation J := (dF_ds DF).
Local Notation B := (dF_dtheta DF).
Local Notation Bt := (dPhi_theta_ds DPhi_theta).
Local Notation G y := (B (Bt y)).
Local Notation dot := (dot_state N).
Local Notation M kappa := (fun y => plus (J y) (scal (kappa : R_AbsRing) (G y))).
Local Notation g := (grad_ell N (s_star N)).

Lemma G_form x y : dot (G x) y = dot_param N (Bt x) (Bt y).
Proof. exact (proj2 (jacobian_symmetric primitive second_derivatives) (Bt x) y). Qed.
Lemma M_symmetric kappa x y : dot (M kappa x) y = dot x (M kappa y).
Proof.
cbv beta. rewrite (ipPl (dot_state_inner N)), (ipPr (dot_state_inner N)), (ipSl (dot_state_inner N)), (ipSr (dot_state_inner N)).
rewrite (proj1 (jacobian_symmetric primitive second_derivatives)). f_equal. f_equal.
rewrite G_form, (ip_sym (dot_state_inner N) x), G_form. apply (ip_sym (dot_param_inner N)).
Qed.

(** Along an eigenvector of [J + kappa G] the updates are a power of its eigenvalue. *)
Theorem component_along_eigenvector (T : Type) (along : (T -> Prop) -> Prop) (HF : Filter along) (beta eta : T -> R)
  (kappa lambda : R) (v : State N) (t : nat) :
  continuous (grad_ell N) (s_star N) -> settled N ->
  filterlim beta along (locally (0:R)) -> along (fun x => beta x <> 0) -> along (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) along (locally (kappa:R)) ->
  plus (J v) (scal (kappa : R_AbsRing) (G v)) = scal (lambda : R_AbsRing) v ->
  filterlim (fun x => dot (Delta_state N t (beta x) (eta x)) v) along (locally (- (lambda ^ t * dot g v))).
Proof.
intros Hc HS Hb Hb0 He0 Hk Hv.
destruct (@joint_limit N DF DPhi_theta T along HF beta eta kappa t second_derivatives Hc HS Hb Hb0 He0 Hk) as [L _].
cbv zeta in L.
rewrite <- (@iterate_along_eigenvector (State N) dot (M kappa) (dot_state_inner N) (M_symmetric kappa) _ v g Hv), <- (ipOl (dot_state_inner N)).
apply (@filterlim_comp T (State N) R (fun x => Delta_state N t (beta x) (eta x)) (fun y => dot y v) along _ _ L).
exact (linear_cont _ _ (ip_lin (dot_state_inner N) v)).
Qed.

(** So they die out, or stay bounded, if and only if it is small enough. *)
Theorem stable_along_eigenvector (kappa lambda : R) (v : State N) :
  plus (J v) (scal (kappa : R_AbsRing) (G v)) = scal (lambda : R_AbsRing) v -> dot g v <> 0 ->
  let update t := opp (iterate (M kappa) t g) in
  (is_lim_seq (fun t => dot (update t) v) 0 <-> Rabs lambda < 1) /\
  ((exists K, forall t, Rabs (dot (update t) v) <= K) <-> Rabs lambda <= 1).
Proof.
intros Hv Hg update.
assert (E : forall t, lambda ^ t * - dot g v = dot (update t) v).
{ intros t. unfold update. rewrite (ipOl (dot_state_inner N)), (@iterate_along_eigenvector (State N) dot (M kappa) (dot_state_inner N) (M_symmetric kappa) _ v g Hv). ring. }
split.
- rewrite <- (@scaled_power_to_0 lambda (- dot g v)) by lra. split; apply is_lim_seq_ext; intros t; rewrite E; reflexivity.
- rewrite <- (@scaled_power_bounded lambda (- dot g v)) by lra. split; intros [K HK]; exists K; intros t; specialize (HK t); rewrite E in *; exact HK.
Qed.

(** The eigenvalue grows with [kappa] at the rate [|(dF/dtheta)^T v|^2 / |v|^2]. *)
Theorem eigenvalue_of_kappa (kappa lambda : R) (v : State N) :
  plus (J v) (scal (kappa : R_AbsRing) (G v)) = scal (lambda : R_AbsRing) v ->
  lambda * dot v v = dot (J v) v + kappa * dot_param N (Bt v) (Bt v).
Proof.
intros Hv. rewrite <- (ipSl (dot_state_inner N)), <- Hv, (ipPl (dot_state_inner N)), (ipSl (dot_state_inner N)), G_form. reflexivity.
Qed.

(** For an eigenvector of both [J] and [G], both ends of the interval of stable ratios. *)
Theorem two_sided_bound (mu gamma kappa : R) (v : State N) :
  J v = scal (mu : R_AbsRing) v -> G v = scal (gamma : R_AbsRing) v -> Bt v <> zero -> dot g v <> 0 ->
  0 < gamma /\
  (is_lim_seq (fun t => dot (opp (iterate (M kappa) t g)) v) 0 <-> - (1 + mu) / gamma < kappa < (1 - mu) / gamma).
Proof.
intros HJ HG HB Hg.
assert (Pv : 0 < dot v v).
{ apply (ip_pos (dot_state_inner N)). intros E. apply Hg. rewrite E. apply (ip0r (dot_state_inner N)). }
assert (Pg : 0 < gamma).
{ assert (P := ip_pos (dot_param_inner N) HB). rewrite <- G_form, HG, (ipSl (dot_state_inner N)) in P. nra. }
split. exact Pg.
assert (Hv : M kappa v = scal (mu + kappa * gamma : R_AbsRing) v) by (rewrite HJ, HG; module (State N)).
assert (A : Rabs (mu + kappa * gamma) < 1 <-> - (1 + mu) / gamma < kappa < (1 - mu) / gamma).
{ split.
  - intros H. apply Rabs_def2 in H. split; apply Rmult_lt_reg_r with gamma; auto; unfold Rdiv; rewrite Rmult_assoc, Rinv_l; lra.
  - intros [H1 H2]. apply (Rmult_lt_compat_r gamma) in H1; auto. apply (Rmult_lt_compat_r gamma) in H2; auto.
    unfold Rdiv in H1, H2. rewrite Rmult_assoc, Rinv_l in H1, H2 by lra. apply Rabs_def1; lra. }
rewrite <- A. exact (proj1 (@stable_along_eigenvector kappa _ v Hv Hg)).
Qed.

(** Without an eigenvector: the size of the updates, from the first two. *)
Theorem updates_grow (kappa r : R) (t : nat) : g <> zero ->
  r * dot g g = dot (J g) g + kappa * dot_param N (Bt g) (Bt g) ->
  (r * r) ^ t * dot g g <= dot (opp (iterate (M kappa) t g)) (opp (iterate (M kappa) t g)).
Proof.
intros Hg Hr.
assert (E : dot (opp (iterate (M kappa) t g)) (opp (iterate (M kappa) t g)) = dot (iterate (M kappa) t g) (iterate (M kappa) t g)).
{ rewrite (ipOl (dot_state_inner N)), (ip_sym (dot_state_inner N)), (ipOl (dot_state_inner N)). ring. }
rewrite E. apply (@rayleigh_growth (State N) dot (M kappa) (dot_state_inner N) (M_symmetric kappa) g r Hg).
cbv beta. rewrite Hr, (ipPl (dot_state_inner N)), (ipSl (dot_state_inner N)), G_form. reflexivity.
Qed.
End Stability.
